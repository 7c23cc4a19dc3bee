import { Deadline, MARGIN_MS } from '../aws/deadline.ts';
import { errorInWords } from '../aws/deliver.ts';
import { LogSourceTable } from '../aws/log-source-table.ts';
import type { Sightings } from '../core/log-sources/sightings.ts';

/** Longer than this no payload waits for what is said about it, the loading of the SDK included. */
const MAX_WAIT_MS = 2_000;

/**
 * Writes what is due of an invocation's sightings, after its findings were sent. Never rejects and never waits for long:
 * what could not be written is kept for the next time, and why is returned in words that hold nothing of an event. `now`
 * is in milliseconds since 1970.
 */
export async function recordSightings(
  tableName: string,
  sightings: Sightings,
  now: number,
  deadline: Deadline,
): Promise<string[]> {
  const due = sightings.take(now);
  if (due.length === 0) return [];
  const table = new LogSourceTable(tableName, new Deadline(Math.min(deadline.remainingMs, MAX_WAIT_MS) + MARGIN_MS));
  const written = await Promise.allSettled(due.map((sighting) => table.add(sighting)));
  const why = new Set<string>();
  for (const [place, outcome] of written.entries()) {
    const sighting = due[place];
    if (outcome.status === 'fulfilled' || !sighting) continue;
    sightings.add(sighting);
    why.add(`log source not recorded: ${errorInWords(outcome.reason)}`);
  }
  return [...why];
}
