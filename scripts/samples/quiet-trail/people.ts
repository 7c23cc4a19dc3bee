import { ADMIN_ROLE, DEVELOPER_ROLE } from '../callers.ts';
import { at, DAY, HOUR, MINUTE } from '../time.ts';
import { ssoUser, type TrailEvent } from '../trail-event.ts';
import { browsing, denials, kubeconfig, signIn } from './console.ts';
import { scale, stack, tags, terraformRun, upgrade } from './pipelines.ts';

export function people(): TrailEvent[] {
  const ana = ssoUser(DEVELOPER_ROLE, 'ana@example.com');
  const dora = ssoUser(ADMIN_ROLE, 'dora@example.com');
  return [
    ...signIn(DAY + 8 * HOUR + 20 * MINUTE, ADMIN_ROLE, 'dora@example.com'),
    ...signIn(DAY + 8 * HOUR + 48 * MINUTE, DEVELOPER_ROLE, 'ana@example.com'),
    ...signIn(DAY + 9 * HOUR + 5 * MINUTE, DEVELOPER_ROLE, 'chi@example.com'),
    ...browsing('dora@example.com', ADMIN_ROLE, at('08:24'), 30),
    ...browsing('ana@example.com', DEVELOPER_ROLE, at('09:10'), 18),
    ...kubeconfig(at('08:55:31'), ana),
    ...kubeconfig(at('08:29:40'), dora),
    ...denials(ana),
    ...terraformRun(at('10:02:00'), tags),
    ...terraformRun(at('12:31:15'), () => []),
    ...terraformRun(at('15:27:40'), scale),
    ...terraformRun(at('20:05:10'), upgrade),
    ...stack(at('11:44:02')),
  ];
}
