const EVERY_MS = 100;
const BAR_WIDTH = 24;

/** A progress bar on standard error, where that is a terminal; silent where it is not. */
export class Progress {
  readonly #totalBytes: number;
  readonly #startedAt: number;
  #bytes = 0;
  #records = 0;
  #drawnAt = 0;
  #isDrawn = false;

  /** `totalBytes` is 0 where the end is not known. */
  constructor(totalBytes: number, now: number) {
    this.#totalBytes = totalBytes;
    this.#startedAt = now;
  }

  addBytes(bytes: number): void {
    this.#bytes += bytes;
  }

  addRecord(): void {
    this.#records++;
    // The clock is asked once in a while: asking it for every record costs more than judging one.
    if (this.#records % 512 === 0) this.#draw(Date.now());
  }

  /** Takes the bar off the screen, before anything else is printed. */
  clear(): void {
    if (this.#isDrawn) process.stderr.write('\r\u001b[K');
    this.#isDrawn = false;
  }

  #draw(now: number): void {
    if (!process.stderr.isTTY || now - this.#drawnAt < EVERY_MS) return;
    this.#drawnAt = now;
    this.#isDrawn = true;
    const seconds = (now - this.#startedAt) / 1000;
    const rate = `${this.#records.toLocaleString('en')} records, ${Math.round(this.#records / seconds).toLocaleString('en')}/s`;
    process.stderr.write(`\r${this.#bar(seconds)}${rate}\u001b[K`);
  }

  #bar(seconds: number): string {
    if (this.#totalBytes === 0) return '';
    const share = Math.min(1, this.#bytes / this.#totalBytes);
    const done = Math.round(share * BAR_WIDTH);
    const left = share > 0 ? Math.round((seconds * (1 - share)) / share) : 0;
    return `[${'█'.repeat(done)}${'░'.repeat(BAR_WIDTH - done)}] ${Math.floor(share * 100)}% ${left} s left  `;
  }
}
