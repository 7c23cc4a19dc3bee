import { jsonIn } from '../json.ts';
import * as z from '../zod.ts';
import type { Canary } from './schema.ts';

/** A canary that was not there so long after it was sent is lost. The audit log takes three minutes where all is well. */
export const LOST_AFTER_MS = 10 * 60_000;

/** A canary that somebody waits for. Times in milliseconds since 1970. */
export type SentCanary = Pick<Canary, 'id' | 'sentAt'>;

export interface ArrivedCanary {
  readonly id: string;
  readonly arrivedAt: number;
}

/** What became of the canaries that were waited for. */
export interface Settled {
  /** Those that may still come. */
  readonly waiting: readonly SentCanary[];
  readonly arrived: number;
  readonly lost: number;
  /** How long the slowest of those took that arrived, in milliseconds. */
  readonly slowestMs: number;
}

/** Compares what was sent with what arrived. An arrival that nobody waits for counts for nothing, whoever sent it. */
export function settle(sent: readonly SentCanary[], arrivals: readonly ArrivedCanary[], now: number): Settled {
  const arrivedAt = new Map(arrivals.map((one) => [one.id, one.arrivedAt]));
  const missing = sent.filter(({ id }) => !arrivedAt.has(id));
  const waiting = missing.filter(({ sentAt }) => now - sentAt < LOST_AFTER_MS);
  return {
    waiting,
    arrived: sent.length - missing.length,
    lost: missing.length - waiting.length,
    slowestMs: Math.max(0, ...sent.map(({ id, sentAt }) => (arrivedAt.get(id) ?? sentAt) - sentAt)),
  };
}

const canaryAlert = z.object({
  detector: z.object({ id: z.literal('auditwire/canary') }),
  event: z.object({ id: z.uuid() }),
});
/** An alert in a message of SNS, plain or with a text for each protocol; with raw delivery it stands by itself. */
const wrapped = z.union([z.object({ Message: z.string() }), z.object({ default: z.string() })]);

/** The id of the canary whose alert a queue's message holds, or `undefined` for anything else. */
export function canaryIdIn(message: string): string | undefined {
  const value = jsonIn(message);
  const { data: alert } = canaryAlert.safeParse(value);
  if (alert) return alert.event.id;
  const { data: wrapping } = wrapped.safeParse(value);
  return wrapping && canaryIdIn('Message' in wrapping ? wrapping.Message : wrapping.default);
}
