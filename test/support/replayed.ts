import { fileURLToPath } from 'node:url';
import { detectors } from '../../cli/detectors.ts';
import { inputsOf } from '../../cli/inputs.ts';
import { deliveriesIn } from '../../cli/read.ts';
import type { Alert } from '../../core/alert.ts';
import { Incidents } from '../../core/incidents/incidents.ts';
import { type Counts, createPipeline } from '../../core/pipeline.ts';
import { DEFAULT_POLICY, incidentWindowOf } from '../../core/policy.ts';
import type { Origin } from '../../core/source.ts';

/**
 * The alerts that files of this project raise by the default policy, in order, as incidents. `origin` holds of records
 * that do not say where they come from.
 */
export async function replayed(
  paths: readonly string[],
  origin: Origin = {},
): Promise<{ alerts: Alert[]; counts: Readonly<Counts> }> {
  const pipeline = createPipeline({ detectors });
  const windows = new Map<string, number>(
    detectors.map(({ detector }) => [detector.id, incidentWindowOf(DEFAULT_POLICY, detector)]),
  );
  const incidents = new Incidents(({ detector }) => windows.get(detector.id) ?? DEFAULT_POLICY.incidentWindow);
  const alerts: Alert[] = [];
  for (const input of inputsOf(paths.map((path) => fileURLToPath(new URL(`../../${path}`, import.meta.url))))) {
    for await (const delivery of deliveriesIn(input, {
      source: undefined,
      origin,
      onBytes: () => {},
      isQuiet: () => false,
    })) {
      for (const { alert, muted } of pipeline.receive(delivery).outgoing) {
        if (!muted) alerts.push(...incidents.fold(alert).told);
      }
    }
  }
  return { alerts: [...alerts, ...incidents.closeAll()], counts: pipeline.counts };
}
