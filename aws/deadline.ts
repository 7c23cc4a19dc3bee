import { setTimeout as wait } from 'node:timers/promises';

/**
 * Waiting on the world ends this long before Lambda would kill the function, so that it has said what it left undone two
 * seconds before that.
 */
export const MARGIN_MS = 2_500;

/** There was no time left. */
export class DeadlineError extends Error {
  override name = 'DeadlineError';
  constructor() {
    super('out of time');
  }
}

/** The time that an invocation has for the world, and the end of everything that waits on it. */
export class Deadline {
  readonly #endsAt: number;
  readonly #signal: AbortSignal;

  /** `remainingMs` from now on, as Lambda's `context` tells them; {@link MARGIN_MS} of them are kept. */
  constructor(remainingMs: number) {
    const ms = Math.max(0, Math.floor(remainingMs) - MARGIN_MS);
    this.#endsAt = performance.now() + ms;
    this.#signal = AbortSignal.timeout(ms);
  }

  get remainingMs(): number {
    return Math.max(0, this.#endsAt - performance.now());
  }

  /** Does what waits on the world; rejects with a {@link DeadlineError} at the end, also if the work ignores its signal. */
  async run<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.remainingMs === 0 || this.#signal.aborted) throw new DeadlineError();
    // A promise that outlived the work would hold what every work came to.
    const over = Promise.withResolvers<never>();
    const end = () => over.reject(new DeadlineError());
    this.#signal.addEventListener('abort', end, { once: true });
    try {
      return await Promise.race([work(this.#signal), over.promise]);
    } finally {
      this.#signal.removeEventListener('abort', end);
    }
  }

  /** Waits, and resolves to whether there is time left after it; to `false` at once if there would be none. */
  async pause(ms: number): Promise<boolean> {
    if (ms >= this.remainingMs) return false;
    await wait(ms);
    return this.remainingMs > 0;
  }
}
