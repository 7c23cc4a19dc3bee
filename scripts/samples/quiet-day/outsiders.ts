import { anonymous, nobody } from '../callers.ts';
import { CONTROL_PLANE_IP, EKS_VERSION } from '../cluster.ts';
import { everyDay } from '../every-day.ts';
import { type K8sEvent, k8sEvent, ref } from '../k8s-event.ts';
import { at, MINUTE } from '../time.ts';

const LOAD_BALANCERS = ['10.0.250.4', '10.0.251.4', '10.0.252.4'] as const;

/** Since EKS 1.32 an anonymous caller may ask for health and nothing else: the rest is a 401 that names nobody. */
const scans: [clock: string, ip: string, agent: string, paths: string[]][] = [
  [
    '03:51:17',
    '198.51.100.23',
    'Mozilla/5.0 (compatible; CensusBot/1.1)',
    ['/', '/robots.txt', '/favicon.ico', '/api'],
  ],
  ['12:07:40', '198.51.100.186', 'Go-http-client/1.1', ['/version/']],
  ['21:33:02', '192.0.2.77', '', ['/', '/api', '/.well-known/security.txt']],
];

export const outsiders = (): K8sEvent[] => [
  ...everyDay('livez', 6 * MINUTE, (when, random) =>
    k8sEvent({
      at: when,
      by: anonymous(random.pick(LOAD_BALANCERS), 'ELB-HealthChecker/2.0'),
      verb: 'get',
      path: '/livez',
    }),
  ),
  ...everyDay('readyz', 8 * MINUTE, (when, random) =>
    k8sEvent({
      at: when,
      by: anonymous(CONTROL_PLANE_IP, `kube-probe/${EKS_VERSION}`),
      verb: 'get',
      path: '/readyz',
      ...(random.chance(0.01) && { code: 500 }),
    }),
  ),
  ...scans.flatMap(([clock, ip, agent, paths]) =>
    paths.flatMap((path, i) =>
      k8sEvent({ at: at(clock) + i * 1700, by: nobody(ip, agent), verb: 'get', path, code: 401 }),
    ),
  ),
  ...k8sEvent({
    at: at('21:33:09'),
    by: nobody('192.0.2.77', ''),
    verb: 'list',
    ref: ref('pods', 'default'),
    code: 401,
  }),
  // A laptop woke up with a token of yesterday.
  ...[0, 1].flatMap((i) =>
    k8sEvent({
      at: at('08:57:55') + i * 900,
      by: nobody('203.0.113.40', 'kubectl/v1.33.3 (darwin/arm64) kubernetes/80779bd'),
      verb: 'list',
      ref: ref('pods', 'shop-dev'),
      query: 'limit=500',
      code: 401,
      message: 'Authentication failed, attempted: bearer',
    }),
  ),
];
