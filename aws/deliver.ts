import { type Deadline, DeadlineError } from './deadline.ts';

/** SQS and SNS take ten entries in a batch. */
export const MAX_BATCH_ENTRIES = 10;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;
/** How often an entry is tried of which the service says that the sender is at fault; some say so of throttles too. */
const MAX_FAULTY_TRIES = 3;

/** What SQS and SNS answer to a batch: with 200, also where they took none of it. */
export interface BatchAnswer {
  readonly Successful?: readonly { readonly Id?: string | undefined }[] | undefined;
  readonly Failed?:
    | readonly {
        readonly Id?: string | undefined;
        readonly Code?: string | undefined;
        readonly SenderFault?: boolean | undefined;
      }[]
    | undefined;
}

export interface Limits {
  readonly entries: number;
  readonly bytes: number;
}

export interface Batches<T> {
  readonly limits: Limits;
  bytesOf(item: T): number;
  /** Sends a batch whose entries have their places in it, `0` to `9`, as ids. */
  send(batch: readonly T[], signal: AbortSignal): Promise<BatchAnswer>;
}

/** What could not be delivered, and why: error names and messages of AWS, never contents of items. */
export interface Undelivered<T> {
  readonly items: readonly T[];
  readonly why: readonly string[];
}

/** The world did not take everything in time. What it did take may be sent again: it is told apart by its ids. */
export class UndeliveredError extends Error {
  override name = 'UndeliveredError';
  constructor(what: string, { items, why }: Undelivered<unknown>, total: number) {
    super(`${items.length} of ${total} ${what} not delivered: ${why.join('; ')}`);
  }
}

/**
 * Delivers items in batches. Batches that fail and single entries that are not answered as taken are tried again, waiting
 * longer each time, until the deadline; what no retry can cure (access denied, no such queue) is given up at once. Never
 * throws for the world's faults: it gives back what remains.
 */
export async function deliver<T>(
  items: readonly T[],
  deadline: Deadline,
  batches: Batches<T>,
): Promise<Undelivered<T>> {
  const why = new Set<string>();
  const lost: T[] = [];
  const faults = new Map<T, number>();
  let waiting = items;
  for (let round = 0; waiting.length > 0; round++) {
    if (round > 0 && !(await deadline.pause(backoffMs(round)))) break;
    const again: T[] = [];
    for (const batch of packed(waiting, batches)) {
      try {
        const answer = await deadline.run((signal) => batches.send(batch, signal));
        for (const { item, code, senderFault } of refused(batch, answer)) {
          why.add(code);
          const tries = (faults.get(item) ?? 0) + (senderFault ? 1 : 0);
          faults.set(item, tries);
          (tries < MAX_FAULTY_TRIES ? again : lost).push(item);
        }
      } catch (error) {
        why.add(errorInWords(error));
        (isLasting(error) ? lost : again).push(...batch);
      }
    }
    waiting = again;
  }
  return { items: [...lost, ...waiting], why: [...why] };
}

/** Consecutive items in batches within the limits; an item that alone is over them is a batch by itself. */
export function* packed<T>(
  items: readonly T[],
  { limits, bytesOf }: Pick<Batches<T>, 'limits' | 'bytesOf'>,
): Generator<readonly T[]> {
  let batch: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const more = bytesOf(item);
    if (batch.length > 0 && (batch.length === limits.entries || bytes + more > limits.bytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += more;
  }
  if (batch.length > 0) yield batch;
}

/** An error in words that hold nothing of what was being sent: what AWS says of it, or its kind and code. */
export function errorInWords(error: unknown): string {
  if (!(error instanceof Error)) return 'a thrown value that is no error';
  const quotesNothing = '$metadata' in error || error instanceof UndeliveredError || error instanceof DeadlineError;
  if (quotesNothing) return `${error.name}: ${error.message}`;
  return 'code' in error ? `${error.name} (${error.code})` : error.name;
}

/** Whatever the answer does not say was taken was not. */
function* refused<T>(batch: readonly T[], { Successful = [], Failed = [] }: BatchAnswer) {
  const taken = new Set(Successful.map(({ Id }) => Id));
  for (const [place, item] of batch.entries()) {
    if (taken.has(String(place))) continue;
    const { Code = 'not answered', SenderFault = false } = Failed.find(({ Id }) => Id === String(place)) ?? {};
    yield { item, code: Code, senderFault: SenderFault };
  }
}

/** Whether trying again cannot help: AWS answered, and the fault is the request's. */
function isLasting(error: unknown): boolean {
  const { httpStatusCode: status = 0 } = (error as { $metadata?: { httpStatusCode?: number } }).$metadata ?? {};
  if (status < 400 || status >= 500 || status === 408 || status === 429) return false;
  return !/throttl|too ?many|requestlimit|slowdown|timeout/i.test(error instanceof Error ? error.name : '');
}

/** Doubles with each round; full jitter keeps functions that failed together from coming back together. */
function backoffMs(round: number): number {
  return Math.random() * Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** round);
}
