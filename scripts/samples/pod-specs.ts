import { REGISTRY } from './cluster.ts';
import type { Json } from './k8s-event.ts';

/** A container as the API server stores it, with the defaults filled in. */
export const container = (name: string, image: string, rest: Json = {}): Json => ({
  name,
  image,
  resources: {},
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  imagePullPolicy: /:latest$|\/[^:@]+$/.test(image) ? 'Always' : 'IfNotPresent',
  ...rest,
});

export type PodSpec = Json & { containers: Json[]; volumes?: Json[]; serviceAccountName?: string };

/** A pod spec as it stands in a template, with the defaults filled in. */
export function podSpec(spec: PodSpec): PodSpec {
  const { serviceAccountName } = spec;
  return {
    ...spec,
    restartPolicy: spec.restartPolicy ?? 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: spec.dnsPolicy ?? 'ClusterFirst',
    ...(serviceAccountName && { serviceAccount: serviceAccountName }),
    securityContext: spec.securityContext ?? {},
    schedulerName: 'default-scheduler',
  };
}

export const hostPath = (name: string, path: string, type = ''): Json => ({ name, hostPath: { path, type } });
export const mount = (name: string, mountPath: string, rest: Json = {}): Json => ({ name, mountPath, ...rest });
export const fieldEnv = (name: string, fieldPath: string): Json => ({
  name,
  valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } },
});
export const port = (name: string, containerPort: number, rest: Json = {}): Json => ({
  name,
  containerPort,
  protocol: 'TCP',
  ...rest,
});
const requests = (cpu: string, memory: string): Json => ({ requests: { cpu, memory } });
export const EVERYWHERE = [{ operator: 'Exists' }];

const probe = (path: string, portName: string | number): Json => ({
  httpGet: { path, port: portName, scheme: 'HTTP' },
  timeoutSeconds: 1,
  periodSeconds: 10,
  successThreshold: 1,
  failureThreshold: 3,
});

/** One of the shop's own services. */
export const shopService = (app: string, tag: string): PodSpec =>
  podSpec({
    volumes: [{ name: 'tmp', emptyDir: {} }],
    containers: [
      container(app, `${REGISTRY}/shop/${app}:${tag}`, {
        ports: [port('http', 8080)],
        envFrom: [{ secretRef: { name: `${app}-env` } }],
        env: [
          { name: 'LOG_LEVEL', value: 'info' },
          { name: 'TOKEN_TTL_SECONDS', value: '3600' },
          { name: 'DATABASE_PASSWORD', valueFrom: { secretKeyRef: { name: `${app}-db`, key: 'password' } } },
        ],
        resources: { limits: { memory: '512Mi' }, ...requests('100m', '256Mi') },
        volumeMounts: [mount('tmp', '/tmp')],
        livenessProbe: probe('/healthz', 'http'),
        readinessProbe: probe('/readyz', 'http'),
        securityContext: {
          capabilities: { drop: ['ALL'] },
          runAsNonRoot: true,
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
        },
      }),
    ],
    serviceAccountName: app,
    securityContext: { fsGroup: 10001, seccompProfile: { type: 'RuntimeDefault' } },
  });

/** A nightly job that runs a shell script from an ordinary image. */
export const backupJob: PodSpec = podSpec({
  containers: [
    container('dump', `${REGISTRY}/shop/pg-tools:16.4`, {
      command: ['/bin/sh', '-c'],
      args: ['set -e; pg_dump "$DATABASE_URL" | gzip | aws s3 cp - "s3://shop-backups/$(date +%F).sql.gz"'],
      envFrom: [{ secretRef: { name: 'backup-env' } }],
      resources: requests('250m', '256Mi'),
    }),
  ],
  restartPolicy: 'OnFailure',
  serviceAccountName: 'backup',
});
