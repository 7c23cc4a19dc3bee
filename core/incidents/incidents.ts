import type { Alert } from '../alert.ts';
import { foldAlert, type Incident, openIncident, rollUpOf } from './incident.ts';

/** What became of a finding, and the alerts that go out because of it, in order. */
export interface Folding {
  readonly told: readonly Alert[];
  readonly folded: boolean;
}

/**
 * Turns a recording's findings into incidents: the first of a problem is told at once, repeats inside the window are
 * counted and told once when it closes, a rise in severity is told at once. Time is the events' own, so that a recording
 * gives the same incidents whenever it is replayed.
 */
export class Incidents {
  readonly #open = new Map<string, Incident>();
  /** Repeats of these are deliveries of the same event, not new findings, also when their incident has ended. */
  readonly #alertIds = new Set<string>();
  readonly #windowOf: (alert: Alert) => number;
  #now = 0;
  /** No incident ends before this. */
  #nextEnd = Infinity;

  /** `windowOf` gives an incident's length in milliseconds. */
  constructor(windowOf: (alert: Alert) => number) {
    this.#windowOf = windowOf;
  }

  fold(alert: Alert): Folding {
    this.#now = Math.max(this.#now, timeOf(alert));
    const rollUps = this.#close(this.#now);
    if (this.#alertIds.has(alert.alertId)) return { told: rollUps, folded: true };
    this.#alertIds.add(alert.alertId);
    const open = this.#open.get(alert.dedupKey);
    if (!open) {
      this.#keep(alert.dedupKey, openIncident(alert, this.#now + this.#windowOf(alert)));
      return { told: [...rollUps, alert], folded: false };
    }
    const { incident, told } = foldAlert(open, alert);
    this.#keep(alert.dedupKey, incident);
    return told ? { told: [...rollUps, told], folded: false } : { told: rollUps, folded: true };
  }

  /** Ends every incident, as at the end of a recording. */
  closeAll(): Alert[] {
    return this.#close(Infinity);
  }

  #keep(dedupKey: string, incident: Incident): void {
    this.#open.set(dedupKey, incident);
    this.#nextEnd = Math.min(this.#nextEnd, incident.closesAt);
  }

  #close(now: number): Alert[] {
    if (now < this.#nextEnd) return [];
    const ended = [...this.#open].filter(([, { closesAt }]) => closesAt <= now);
    for (const [dedupKey] of ended) this.#open.delete(dedupKey);
    this.#nextEnd = Math.min(...this.#open.values().map(({ closesAt }) => closesAt));
    return ended.flatMap(([, incident]) => rollUpOf(incident) ?? []);
  }
}

function timeOf(alert: Alert): number {
  // An unreadable time would be later than none and earlier than none.
  return Date.parse(alert.event.time ?? '') || 0;
}
