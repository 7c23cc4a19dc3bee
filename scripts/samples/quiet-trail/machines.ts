import { NEW_NODES } from '../cluster.ts';
import { at } from '../time.ts';
import type { TrailEvent } from '../trail-event.ts';
import { nodeCalls, nodeLaunch } from './nodes.ts';
import { podCalls } from './pods.ts';
import { scaling, services } from './services.ts';

export const machines = (): TrailEvent[] => [
  ...nodeCalls(),
  ...nodeLaunch(at('08:45:20'), NEW_NODES[0]),
  ...nodeLaunch(at('18:19:41'), NEW_NODES[1] ?? NEW_NODES[0]),
  ...podCalls(),
  ...services(),
  ...scaling(at('15:31:10'), 6),
];
