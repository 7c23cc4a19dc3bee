import { type Severity, severityRank } from '../../core/severity.ts';
import type { Origin } from '../../core/source.ts';
import { type Attack, expectationOf } from './labels.ts';

/** One problem that subscribers must hear of. */
export interface Problem {
  readonly detector: string;
  readonly alertIds: Set<string>;
  severity: Severity;
}

/** What must become known of what was delivered, and what must lie in quarantine, by what it says or where it is. */
export class Truth {
  readonly problems = new Map<string, Problem>();
  readonly unreadable = new Set<string>();

  /** Takes down an attack that is delivered with this origin; returns how many findings detectors make of it. */
  attack(attack: Attack, origin: Origin): number {
    const { labels, findings } = expectationOf(attack, origin);
    for (const { detector, alertId, dedupKey, severity } of labels) {
      const known = this.problems.get(dedupKey);
      if (!known) this.problems.set(dedupKey, { detector, alertIds: new Set([alertId]), severity });
      else {
        known.alertIds.add(alertId);
        if (severityRank(severity) > severityRank(known.severity)) known.severity = severity;
      }
    }
    return findings;
  }

  get findings(): number {
    return this.problems.values().reduce((sum, { alertIds }) => sum + alertIds.size, 0);
  }
}
