import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Deadline, DeadlineError, MARGIN_MS } from '../../aws/deadline.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

describe('a deadline', () => {
  it('gives what the work came to, and lets go of it', async () => {
    const deadline = new Deadline(MARGIN_MS + 60_000);
    const held: WeakRef<Buffer>[] = [];
    for (let time = 0; time < 50; time++) {
      const chunk = await deadline.run(async () => Buffer.alloc(1024));
      expect(chunk.length).toBe(1024);
      held.push(new WeakRef(chunk));
    }
    // What was looked at in this turn of the event loop is held until its end.
    await new Promise(setImmediate);
    collectGarbage();
    expect(held.filter((chunk) => chunk.deref()).length).toBeLessThan(5);
  });

  it('ends work that ignores its signal, and lets none begin after it', async () => {
    const deadline = new Deadline(MARGIN_MS + 20);
    await expect(deadline.run(() => new Promise(() => {}))).rejects.toThrow(DeadlineError);
    await expect(deadline.run(async () => 1)).rejects.toThrow(DeadlineError);
  });

  it('tells the work that it is over', async () => {
    const deadline = new Deadline(MARGIN_MS + 20);
    let signal: AbortSignal | undefined;
    const work = deadline.run((given) => {
      signal = given;
      return new Promise(() => {});
    });
    await expect(work).rejects.toThrow(DeadlineError);
    expect(signal?.aborted).toBe(true);
  });

  it('says what the work failed with', async () => {
    const deadline = new Deadline(MARGIN_MS + 60_000);
    await expect(deadline.run(() => Promise.reject(new TypeError('no')))).rejects.toThrow(TypeError);
  });
});
