import { defineDetector, type RegisteredDetector } from '../../core/detector.ts';
import { createEngine } from '../../core/engine.ts';
import { createScanner } from '../../core/k8s-audit/scan.ts';
import type { AuditEvent } from '../../core/k8s-audit/schema.ts';
import { type AuditWhen, k8sAudit } from '../../core/k8s-audit/source.ts';
import * as z from '../../core/zod.ts';
import { byteLinesOf } from '../lines.ts';

const binding = z.object({ roleRef: z.object({ name: z.literal('cluster-admin') }) });
const container = z.object({ securityContext: z.optional(z.object({ privileged: z.optional(z.boolean()) })) });
const pod = z.object({ spec: z.object({ containers: z.array(container) }) });

const codeOf = ({ responseStatus }: AuditEvent) => responseStatus?.code ?? 999;

/** The five rules of README.md, as detectors. */
const rules: readonly RegisteredDetector[] = [
  rule({ resources: ['pods/exec'] }, (event) => codeOf(event) < 400),
  rule(
    { caller: 'anonymous' },
    (event) => event.user.username === 'system:anonymous' && event.objectRef !== undefined && codeOf(event) < 400,
  ),
  rule(
    { verbs: ['create', 'update', 'patch'], resources: ['clusterrolebindings'] },
    (event) => codeOf(event) < 300 && binding.safeParse(event.responseObject).success,
  ),
  rule({ verbs: ['create'], resources: ['pods'] }, (event) => {
    const created = codeOf(event) < 300 ? pod.safeParse(event.responseObject).data : undefined;
    return created?.spec.containers.some(({ securityContext }) => securityContext?.privileged === true) ?? false;
  }),
  rule(
    { verbs: ['list'], resources: ['secrets'] },
    (event) =>
      codeOf(event) < 300 && !event.user.username.startsWith('system:') && event.objectRef?.namespace === undefined,
  ),
];

function rule(when: AuditWhen, meets: (event: AuditEvent) => boolean): RegisteredDetector {
  const detector = defineDetector({
    id: 'k8s-audit/rule',
    title: '',
    description: '',
    severity: 'info',
    mitre: [],
    source: 'k8s-audit',
    covers: [],
    when: { ...when, stages: ['ResponseComplete'] },
    detect: (event) => (meets(event) ? { title: '', dedup: [], evidence: {} } : undefined),
  });
  return { detector, nextSteps: [] };
}

/** How many events in a file of NDJSON meet each of the rules. */
export function rulesMet(path: string): number[] {
  const engine = createEngine(k8sAudit, rules);
  const scanner = createScanner(engine);
  const met = new Map(rules.map(({ detector }) => [detector, 0]));
  for (const line of byteLinesOf(path)) {
    if (scanner.isQuiet(line)) continue;
    for (const { registered } of engine.judge(k8sAudit.schema.parse(JSON.parse(line.toString('utf8'))))) {
      met.set(registered.detector, (met.get(registered.detector) ?? 0) + 1);
    }
  }
  return [...met.values()];
}
