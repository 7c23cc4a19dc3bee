const RealDate = Date;

/**
 * The time of day of this thread, which stands still until it is set; timers and durations go on. What runs in the
 * thread, emulators included, sees it.
 */
export class VirtualClock {
  #now: number;

  /** Milliseconds since 1970. */
  constructor(now: number) {
    this.#now = now;
    const time = () => this.#now;
    globalThis.Date = class extends RealDate {
      constructor(...given: [number | string | Date] | []) {
        super(...((given.length === 0 ? [time()] : given) as [number]));
      }
      static override now(): number {
        return time();
      }
    } as DateConstructor;
  }

  get now(): number {
    return this.#now;
  }

  set(now: number): void {
    this.#now = now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  /** Gives the thread its own time back. */
  restore(): void {
    globalThis.Date = RealDate;
  }
}
