import { DeadlineError } from '../../aws/deadline.ts';
import { errorInWords } from '../../aws/deliver.ts';
import type { Alert } from '../../core/alert.ts';
import { closeIncident, type Step } from '../../core/incidents/problem.ts';
import type { StoredProblem } from '../../core/incidents/store.ts';
import type { SecondStage } from '../second-stage.ts';

/** How many incidents are told and closed together: what is told of them is five batches for SNS. */
const TOGETHER = 50;

interface Plan {
  readonly dedupKey: string;
  readonly read: StoredProblem;
  readonly step: Step;
}

/**
 * The end of every incident whose window has ended. Its roll-up is published first and remembered then: to die between the
 * two tells it twice under the same alert id, the other way round would lose it. What fails stays open for the next run.
 */
export class Closing {
  /** `ended = closed + outrun + failed`: another invocation may have closed or changed an incident meanwhile. */
  readonly counts = { ended: 0, closed: 0, outrun: 0, failed: 0, rollUps: 0 };
  readonly problems = new Set<string>();
  readonly #stage: SecondStage;

  constructor(stage: SecondStage) {
    this.#stage = stage;
  }

  /** Closes what has ended, each incident tried once. Never rejects for the world's faults: they are among `problems`. */
  async closeAll(): Promise<void> {
    const { store, now } = this.#stage;
    const tried = new Set<string>();
    try {
      for (;;) {
        // Those that failed are named first again, and those that were closed may be for a moment.
        const named = await store.expired(now, tried.size + TOGETHER);
        const ended = named.filter((dedupKey) => !tried.has(dedupKey));
        if (ended.length === 0) return;
        if (this.#stage.isOver()) throw new DeadlineError();
        for (const dedupKey of ended) tried.add(dedupKey);
        await this.#close(ended);
      }
    } catch (error) {
      this.problems.add(errorInWords(error));
    }
  }

  async #close(dedupKeys: readonly string[]): Promise<void> {
    this.counts.ended += dedupKeys.length;
    const plans = (await Promise.all(dedupKeys.map((dedupKey) => this.#plan(dedupKey)))).flat();
    const undelivered = await this.#stage.publish(plans.flatMap(({ step }) => step.told));
    for (const why of undelivered.why) this.problems.add(why);
    const untold = new Set(undelivered.items);
    await Promise.all(plans.map((plan) => this.#remember(plan, untold)));
  }

  async #plan(dedupKey: string): Promise<Plan[]> {
    const { store, now } = this.#stage;
    try {
      const read = await store.get(dedupKey, []);
      const step = read && closeIncident(read.problem, now);
      if (step && step.problem !== read.problem) return [{ dedupKey, read, step }];
      this.counts.outrun++;
    } catch (error) {
      this.#fail(error);
    }
    return [];
  }

  async #remember({ dedupKey, read, step }: Plan, untold: ReadonlySet<Alert>): Promise<void> {
    const { store, now } = this.#stage;
    if (step.told.some((alert) => untold.has(alert))) {
      this.counts.failed++;
      return;
    }
    this.counts.rollUps += step.told.length;
    try {
      if (await store.put(dedupKey, step.problem, read, now)) this.counts.closed++;
      // Whoever was quicker has told of the incident itself, or left it open for the next run. Where the answer to this
      // write was lost, that is this run.
      else this.counts.outrun++;
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.counts.failed++;
    this.problems.add(errorInWords(error));
  }
}
