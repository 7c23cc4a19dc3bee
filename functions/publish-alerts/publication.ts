import type { SQSRecord } from 'aws-lambda';
import { errorInWords } from '../../aws/deliver.ts';
import type { Alert } from '../../core/alert.ts';
import { type Findings, findingsSchema } from '../../core/findings.ts';
import { NEW_PROBLEM, type Step, takeIn } from '../../core/incidents/problem.ts';
import type { StoredProblem } from '../../core/incidents/store.ts';
import type { SecondStage } from '../second-stage.ts';

type Message = Pick<SQSRecord, 'messageId' | 'body' | 'attributes'>;

/** What one message asks for: its findings, and the step that its problem takes with them. */
interface Planned {
  readonly messageId: string;
  readonly findings: Findings;
  readonly step: Step;
}

/** The messages of one message group, which are one problem's, as far as they can be read. */
interface Plan {
  readonly dedupKey: string;
  readonly read: StoredProblem | undefined;
  readonly planned: readonly Planned[];
}

/**
 * One batch of findings on their way out. What must be told is published first and remembered then: to die between the
 * two tells it twice under the same alert id, the other way round would lose it. Within a message group nothing goes
 * ahead of a message that failed. Nothing is told of a problem that cannot be read: every repeat would be an alert, and
 * the queue keeps the findings until the table is back.
 */
export class Publication {
  /** `findings = alerted + folded`, of the messages that did not fail. */
  readonly counts = { messages: 0, failed: 0, findings: 0, alerted: 0, folded: 0, rollUps: 0 };
  readonly problems = new Set<string>();
  /** What the topic took. */
  delivered: readonly Alert[] = [];
  readonly #stage: Pick<SecondStage, 'store' | 'now' | 'publish'>;

  constructor(stage: Pick<SecondStage, 'store' | 'now' | 'publish'>) {
    this.#stage = stage;
  }

  /** Publishes what the messages call for and returns the ids of those that must come again. */
  async publish(messages: readonly Message[]): Promise<string[]> {
    const groups = Map.groupBy(messages, ({ attributes, messageId }) => attributes.MessageGroupId ?? messageId);
    const plans = await Promise.all([...groups].map(([dedupKey, group]) => this.#plan(dedupKey, group)));
    const told = plans.flatMap(({ planned }) => planned.flatMap(({ step }) => step.told));
    const undelivered = await this.#stage.publish(told);
    for (const why of undelivered.why) this.problems.add(why);
    const untold = new Set(undelivered.items);
    this.delivered = told.filter((alert) => !untold.has(alert));
    const done = new Set((await Promise.all(plans.map((plan) => this.#remember(plan, untold)))).flat());
    const failed = messages.filter(({ messageId }) => !done.has(messageId)).map(({ messageId }) => messageId);
    this.counts.messages = messages.length;
    this.counts.failed = failed.length;
    return failed;
  }

  async #plan(dedupKey: string, messages: readonly Message[]): Promise<Plan> {
    const { store, now } = this.#stage;
    const legible = [];
    for (const { messageId, body } of messages) {
      const findings = findingsIn(body);
      if (!findings) {
        this.problems.add('a message that holds no findings');
        break;
      }
      legible.push({ messageId, findings });
    }
    try {
      const alertIds = new Set(legible.flatMap(({ findings }) => findings.alertIds));
      const read = await store.get(dedupKey, [...alertIds]);
      let problem = read?.problem ?? NEW_PROBLEM;
      const planned = legible.map((message) => {
        const step = takeIn(problem, message.findings, now);
        problem = step.problem;
        return { ...message, step };
      });
      return { dedupKey, read, planned };
    } catch (error) {
      this.problems.add(errorInWords(error));
      return { dedupKey, read: undefined, planned: [] };
    }
  }

  /** Remembers a problem up to the first message of which something could not be told; returns the messages before it. */
  async #remember({ dedupKey, read, planned }: Plan, untold: ReadonlySet<Alert>): Promise<string[]> {
    const { store, now } = this.#stage;
    const failedAt = planned.findIndex(({ step }) => step.told.some((alert) => untold.has(alert)));
    const done = failedAt < 0 ? planned : planned.slice(0, failedAt);
    const last = done.at(-1);
    if (!last) return [];
    try {
      const { problem } = last.step;
      const isNews = problem !== read?.problem;
      if (isNews && !(await store.put(dedupKey, problem, read, now))) {
        this.problems.add('a problem that another invocation changed meanwhile');
        return [];
      }
    } catch (error) {
      this.problems.add(errorInWords(error));
      return [];
    }
    for (const { findings, step } of done) this.#count(findings, step);
    return done.map(({ messageId }) => messageId);
  }

  #count({ alert }: Findings, { told }: Step): void {
    const alerted = told.filter(({ incident }) => incident.state !== 'closed').length;
    this.counts.findings += alert.incident.count;
    this.counts.alerted += alerted;
    this.counts.folded += alert.incident.count - alerted;
    this.counts.rollUps += told.length - alerted;
  }
}

function findingsIn(body: string): Findings | undefined {
  try {
    return findingsSchema.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}
