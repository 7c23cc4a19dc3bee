import { createPipeline } from '../../core/pipeline.ts';
import { cloudtrailDetectors } from '../../detectors/cloudtrail/index.ts';
import { k8sAuditDetectors } from '../../detectors/k8s-audit/index.ts';
import { byTime, type Json, type K8sEvent } from './k8s-event.ts';
import { type TrailEvent, trailByTime } from './trail-event.ts';

export type Label = { id: string; what: string; covers: string[] };

/** One act of the attacker. */
type Step = {
  /** ATT&CK technique ids. */
  attack: string[];
  what: string;
  /** Catalogue entries of which this event alone must raise an alert. */
  covers?: string[];
  events: (K8sEvent | TrailEvent)[];
};

export type Story = { name: string; audit: K8sEvent[]; trail: TrailEvent[]; labels: Label[]; page: string };

const isTrail = (event: Json): event is TrailEvent => 'eventID' in event;
const idOf = (event: K8sEvent | TrailEvent): string => (isTrail(event) ? event.eventID : event.auditID);
const clockOf = (event: K8sEvent | TrailEvent): string =>
  String(isTrail(event) ? event.eventTime : event.stageTimestamp).slice(11, 19);

const pipeline = createPipeline({ detectors: [...k8sAuditDetectors, ...cloudtrailDetectors] });

/** The ids of the detectors that tell of one of these events, by the default policy, in the order in which they do. */
function detectorsThatTell(events: readonly (K8sEvent | TrailEvent)[]): string[] {
  const told = events.flatMap((value) => {
    const source = isTrail(value) ? 'cloudtrail' : 'k8s-audit';
    const { outgoing, quarantined } = pipeline.receive({ kind: 'record', source, value, origin: {} });
    if (quarantined.length > 0) throw new Error(`${idOf(value)} cannot be judged: ${quarantined[0]?.detail}`);
    return outgoing.filter(({ muted }) => !muted).map(({ alert }) => alert.detector.id);
  });
  return [...new Set(told)];
}

/** The story's files from its parts: `steps` are the attacker's, `ordinary` is everyone else's. */
export function tell(
  name: string,
  title: string,
  intro: string,
  ordinary: (K8sEvent | TrailEvent)[],
  steps: Step[],
  outcome: string,
): Story {
  const told = steps
    .filter(({ events }) => events.length > 0)
    .sort((a, b) => (clockOf(a.events[0] as K8sEvent) < clockOf(b.events[0] as K8sEvent) ? -1 : 1));
  const all = [...ordinary, ...told.flatMap(({ events }) => events)];
  const audit = byTime(all.filter((event): event is K8sEvent => !isTrail(event)));
  const trail = trailByTime(all.filter(isTrail));
  const labels = told.flatMap(({ what, covers, events }) =>
    covers ? [...new Set(events.map(idOf))].map((id) => ({ id, what, covers })) : [],
  );
  const lines = told.map(({ attack, what, events }) => {
    const ids = [...new Set(events.map(idOf))];
    const source = events.some(isTrail) ? 'eventID' : 'auditID';
    const shown =
      ids
        .slice(0, 3)
        .map((id) => `\`${id}\``)
        .join(', ') + (ids.length > 3 ? ` and ${ids.length - 3} more` : '');
    const telling = detectorsThatTell(events).map((detector) => `\`${detector}\``);
    return `- **${clockOf(events[0] as K8sEvent)}** ${what} (${attack.join(', ')}; ${source} ${shown}). Told by: ${telling.join(', ') || 'nothing today'}.`;
  });
  const files = [
    audit.length > 0 && `${audit.length} audit events`,
    trail.length > 0 && `${trail.length} CloudTrail records`,
  ]
    .filter(Boolean)
    .join(', ');
  const page = `# ${title}\n\n${intro}\n\n## Minute by minute\n\nTimes are UTC. Everything that is not listed here is ordinary traffic.\n\n${lines.join('\n')}\n\n## How it ends\n\n${outcome}\n\nIn this directory: ${files}.\n`;
  return { name, audit, trail, labels, page };
}
