import type { Alert } from '../../core/alert.ts';
import { type Findings, FindingsByProblem } from '../../core/findings.ts';
import type { IncidentStore } from '../../core/incidents/store.ts';
import type { SecondStage } from '../../functions/second-stage.ts';

/** How long the incidents of {@link findingsOf} are open. */
export const WINDOW_MS = 3_600_000;

/** The findings of one payload, all of one problem. */
export function findingsOf(...alerts: readonly Alert[]): Findings {
  const gathered = new FindingsByProblem();
  for (const alert of alerts) gathered.add(alert);
  const [findings, ...rest] = gathered.all(() => WINDOW_MS);
  if (!findings || rest.length > 0) throw new Error('not one problem');
  return findings;
}

/** A second stage whose subscriber gets everything, in order, into `told`. */
export function stageAt(store: IncidentStore, now: number, told: Alert[] = []): SecondStage {
  return {
    store,
    now,
    publish: async (alerts) => {
      told.push(...alerts);
      return { items: [], why: [] };
    },
    isOver: () => false,
  };
}

/** `opened 1`, `closed 3`: what a subscriber was told, short. */
export function inWords(alerts: readonly Alert[]): string[] {
  return alerts.map(({ incident }) => `${incident.state} ${incident.count}`);
}

/** The stage of an invocation that others overtake: what they do happens when it has told and not yet remembered. */
export function overtaken(stage: SecondStage, meanwhile: () => Promise<unknown>): SecondStage {
  const { store } = stage;
  let overtaking: Promise<unknown> | undefined;
  return {
    ...stage,
    store: {
      get: (dedupKey, alertIds) => store.get(dedupKey, alertIds),
      expired: (now, limit) => store.expired(now, limit),
      async put(...args) {
        overtaking ??= meanwhile();
        await overtaking;
        return await store.put(...args);
      },
    },
  };
}
