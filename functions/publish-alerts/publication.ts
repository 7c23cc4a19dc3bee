import type { SQSRecord } from 'aws-lambda';
import { errorInWords } from '../../aws/deliver.ts';
import type { Alert } from '../../core/alert.ts';
import { type Findings, findingsSchema } from '../../core/findings.ts';
import { NEW_PROBLEM, type Step, takeIn } from '../../core/incidents/problem.ts';
import type { StoredProblem } from '../../core/incidents/store.ts';
import { jsonIn } from '../../core/json.ts';
import { readLeniently } from '../../core/lenient.ts';
import type { SecondStage } from '../second-stage.ts';

/** How often a problem is tried that others change meanwhile; two are enough for the watch, which closes it once. */
const MAX_TRIES = 3;

type Message = Pick<SQSRecord, 'messageId' | 'body' | 'attributes'>;

/** What one message asks for. */
interface Asked {
  readonly messageId: string;
  readonly findings: Findings;
}

/** The messages of one message group, which are one problem's, as far as they can be read. */
interface Group {
  readonly dedupKey: string;
  readonly asked: readonly Asked[];
}

/** What a group's problem was when it was read, and the step that it takes with each message. */
interface Plan {
  readonly group: Group;
  readonly read: StoredProblem | undefined;
  readonly planned: readonly (Asked & { readonly step: Step })[];
}

/**
 * One batch of findings on their way out. What must be told is published first and remembered then: to die between the
 * two tells it twice under the same alert id, the other way round would lose it. Where another invocation changes the
 * problem between the two, it is read and planned again, and only what the topic does not have yet is told. Within a
 * message group nothing goes ahead of a message that failed. Nothing is told of a problem that cannot be read: every repeat
 * would be an alert, and the queue keeps the findings until the table is back.
 */
export class Publication {
  /** `findings = alerted + folded`, of the messages that did not fail. */
  readonly counts = { messages: 0, failed: 0, findings: 0, alerted: 0, folded: 0, rollUps: 0 };
  readonly problems = new Set<string>();
  /** What the topic took. */
  readonly delivered: Alert[] = [];
  readonly #done = new Set<string>();
  readonly #stage: Pick<SecondStage, 'store' | 'now' | 'publish'>;

  constructor(stage: Pick<SecondStage, 'store' | 'now' | 'publish'>) {
    this.#stage = stage;
  }

  /** Publishes what the messages call for and returns the ids of those that must come again. */
  async publish(messages: readonly Message[]): Promise<string[]> {
    const groups = Map.groupBy(messages, ({ attributes, messageId }) => attributes.MessageGroupId ?? messageId);
    let waiting: readonly Group[] = [...groups].map(([dedupKey, group]) => ({ dedupKey, asked: this.#legible(group) }));
    for (let tries = 0; waiting.length > 0 && tries < MAX_TRIES; tries++) waiting = await this.#try(waiting);
    if (waiting.length > 0) this.problems.add('a problem that other invocations keep changing');
    const failed = messages.map(({ messageId }) => messageId).filter((messageId) => !this.#done.has(messageId));
    this.counts.messages = messages.length;
    this.counts.failed = failed.length;
    return failed;
  }

  #legible(messages: readonly Message[]): Asked[] {
    const legible: Asked[] = [];
    for (const { messageId, body } of messages) {
      const findings = findingsIn(body);
      if (!findings) {
        this.problems.add(`${messageId}: a message that holds no findings`);
        break;
      }
      legible.push({ messageId, findings });
    }
    return legible;
  }

  /** Plans, tells and remembers; returns the groups whose problem another invocation changed meanwhile. */
  async #try(groups: readonly Group[]): Promise<Group[]> {
    const plans = (await Promise.all(groups.map((group) => this.#plan(group)))).flat();
    await this.#tell(plans.map(({ planned }) => planned.flatMap(({ step }) => step.told)));
    return (await Promise.all(plans.map((plan) => this.#remember(plan)))).flat();
  }

  async #plan(group: Group): Promise<Plan[]> {
    const { store, now } = this.#stage;
    try {
      const alertIds = new Set(group.asked.flatMap(({ findings }) => findings.alertIds));
      const read = await store.get(group.dedupKey, [...alertIds]);
      let problem = read?.problem ?? NEW_PROBLEM;
      const planned = group.asked.map((message) => {
        const step = takeIn(problem, message.findings, now);
        problem = step.problem;
        return { ...message, step };
      });
      return [{ group, read, planned }];
    } catch (error) {
      this.problems.add(errorInWords(error));
      return [];
    }
  }

  /** Tells of every problem, each in its order: of what goes together SNS may take the second and not the first. */
  async #tell(problems: readonly (readonly Alert[])[]): Promise<void> {
    for (let nth = 0; problems.some((alerts) => alerts.length > nth); nth++) {
      const inTurn = problems.filter((alerts) => alerts.slice(0, nth).every((alert) => this.#isTold(alert)));
      await this.#publish(inTurn.flatMap((alerts) => alerts.slice(nth, nth + 1)));
    }
  }

  async #publish(alerts: readonly Alert[]): Promise<void> {
    const untold = alerts.filter((alert) => !this.#isTold(alert));
    const { items, why } = await this.#stage.publish(untold);
    for (const reason of why) this.problems.add(reason);
    const undelivered = new Set(items);
    this.delivered.push(...untold.filter((alert) => !undelivered.has(alert)));
  }

  /**
   * Whether the topic took it, or one of the same alert id and state that tells of more. Subscribers know a repeat by these
   * two and the count.
   */
  #isTold({ alertId, incident }: Alert): boolean {
    return this.delivered.some(
      (told) =>
        told.alertId === alertId && told.incident.state === incident.state && told.incident.count >= incident.count,
    );
  }

  /** Remembers a problem up to the first message of which something is untold; returns the group if it was outrun. */
  async #remember({ group, read, planned }: Plan): Promise<Group[]> {
    const { store, now } = this.#stage;
    const failedAt = planned.findIndex(({ step }) => !step.told.every((alert) => this.#isTold(alert)));
    const done = failedAt < 0 ? planned : planned.slice(0, failedAt);
    const last = done.at(-1);
    if (!last) return [];
    try {
      const { problem } = last.step;
      const isNews = problem !== read?.problem;
      if (isNews && !(await store.put(group.dedupKey, problem, read, now))) return [group];
    } catch (error) {
      this.problems.add(errorInWords(error));
      return [];
    }
    for (const { messageId, findings, step } of done) {
      this.#done.add(messageId);
      this.#count(findings, step);
    }
    return [];
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
  return readLeniently(findingsSchema, jsonIn(body));
}
