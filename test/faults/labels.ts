import { readdirSync, readFileSync } from 'node:fs';
import { cloudTrail } from '../../core/cloudtrail/source.ts';
import { alertIdOf } from '../../core/identifiers.ts';
import { k8sAudit } from '../../core/k8s-audit/source.ts';
import { createPipeline } from '../../core/pipeline.ts';
import type { Severity } from '../../core/severity.ts';
import type { Origin } from '../../core/source.ts';
import { cloudtrailDetectors } from '../../detectors/cloudtrail/index.ts';
import { k8sAuditDetectors } from '../../detectors/k8s-audit/index.ts';

/** What must become known of one event: one of its alerts. */
export interface Label {
  readonly detector: string;
  readonly alertId: string;
  readonly dedupKey: string;
  readonly severity: Severity;
}

/** What must become of an event. */
export interface Expectation {
  readonly labels: readonly Label[];
  /** What detectors say of it, what is muted included. */
  readonly findings: number;
}

/** The sources that AWS writes. */
export type LogSource = 'k8s-audit' | 'cloudtrail';

/** An attack as a detector's own sample has it, to be told again under other ids. */
export interface Attack {
  readonly source: LogSource;
  readonly value: Readonly<Record<string, unknown>>;
}

const detectors = { 'k8s-audit': k8sAuditDetectors, cloudtrail: cloudtrailDetectors };
const pipeline = createPipeline({ detectors: Object.values(detectors).flat() });

const ID_FIELDS = { 'k8s-audit': 'auditID', cloudtrail: 'eventID' } as const;

/** Every detector's fires- samples, but for those of detectors that are off or in shadow, and those that are cut. */
export function attacksOf(source: LogSource): Attack[] {
  return detectors[source]
    .filter(({ detector }) => (detector.mode ?? 'on') === 'on')
    .flatMap(({ detector: { id } }) => {
      const folder = new URL(`../../detectors/${id}/samples/`, import.meta.url);
      return readdirSync(folder)
        .filter((name) => name.startsWith('fires-'))
        .flatMap((name) => {
          const value = wholeIn(readFileSync(new URL(name, folder), 'utf8'));
          if (value === undefined) return [];
          const attack = { source, value };
          if (!expectationOf(attack, {}).labels.some(({ detector }) => detector === id))
            throw new Error(`${id} is silent on its ${name}`);
          return attack;
        });
    });
}

/** An event, unless the text was cut: then it can have no other id. */
function wholeIn(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The same act of somebody, done again: another event. */
export function retold({ source, value }: Attack, id: string): Attack {
  return { source, value: { ...value, [ID_FIELDS[source]]: id } };
}

/** Whether detectors have nothing to say of it. */
export function isQuiet(attack: Attack): boolean {
  return expectationOf(attack, {}).findings === 0;
}

/**
 * What must become of an attack that is delivered with this origin. The samples say which detectors speak; the id of each
 * alert follows from the event's key alone, whatever is done to the payload that carries it.
 */
export function expectationOf({ source, value }: Attack, origin: Origin): Expectation {
  const { outgoing } = pipeline.receive({ kind: 'record', source, value, origin });
  const key =
    source === 'cloudtrail'
      ? cloudTrail.eventKey(cloudTrail.schema.parse(value))
      : k8sAudit.eventKey(k8sAudit.schema.parse(value));
  const labels = outgoing
    .filter(({ muted }) => !muted)
    .map(({ alert: { detector, dedupKey, severity } }) => ({
      detector: detector.id,
      alertId: alertIdOf(detector.id, key),
      dedupKey,
      severity,
    }));
  return { labels, findings: outgoing.length };
}
