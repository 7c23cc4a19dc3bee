import { everyDay } from '../every-day.ts';
import { type Caller, type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { CLUSTER_BORN, HOUR } from '../time.ts';

export const LIST = 'limit=500&resourceVersion=0';

/** The query of a watch that goes on from where the last one, or the list before it, ended. */
export function watchFrom(when: number, seconds: number, name?: string): string {
  const resourceVersion = 91_000_000 + Math.floor((when - CLUSTER_BORN) / 137);
  const selector = name ? `&fieldSelector=metadata.name%3D${name}` : '';
  return `allowWatchBookmarks=true${selector}&resourceVersion=${resourceVersion}&timeoutSeconds=${seconds}&watch=true`;
}

export const watches = (by: Caller, types: readonly [string, ...string[]], hours = 2): K8sEvent[] =>
  everyDay(`watch/${by.user.username}`, hours * HOUR, (when, random) =>
    k8sEvent({
      at: when,
      by,
      verb: 'watch',
      ref: ref(random.pick(types)),
      query: watchFrom(when, 417),
      lasts: 417_000,
    }),
  );

/** What an informer does when its program starts: one list, then one watch, of everything it follows. */
export const informers = (when: number, by: Caller, types: string[], namespace?: string): K8sEvent[] =>
  types.flatMap((type, i) => [
    ...k8sEvent({ at: when + i * 15, by, verb: 'list', ref: ref(type, namespace), query: LIST }),
    ...k8sEvent({
      at: when + i * 15 + 40,
      by,
      verb: 'watch',
      ref: ref(type, namespace),
      query: watchFrom(when, 417),
      lasts: 417_000,
    }),
  ]);
