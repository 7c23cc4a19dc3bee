import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deadline, MARGIN_MS } from '../../aws/deadline.ts';
import { type BatchAnswer, deliver, errorInWords, packed, UndeliveredError } from '../../aws/deliver.ts';

const limits = { entries: 10, bytes: 100 };
const bytesOf = (item: number) => item;
const soon = () => new Deadline(MARGIN_MS + 10_000);

/** Answers as SQS and SNS do when they take everything but these places. */
function answer(batch: readonly unknown[], failed: BatchAnswer['Failed'] = []): BatchAnswer {
  const refused = new Set(failed?.map(({ Id }) => Id));
  const Successful = batch.map((_, place) => ({ Id: String(place) })).filter(({ Id }) => !refused.has(Id));
  return { Successful, Failed: failed };
}

const awsError = (name: string, httpStatusCode: number) =>
  Object.assign(new Error(`${name} said so`), { name, $metadata: { httpStatusCode } });

describe('batches', () => {
  it('hold every item once and in order, within both limits', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 60 }), (items) => {
        const batches = [...packed(items, { limits, bytesOf })];
        expect(batches.flat()).toEqual(items);
        for (const batch of batches) {
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(limits.entries);
          expect(batch.length === 1 || batch.reduce((a, b) => a + b, 0) <= limits.bytes).toBe(true);
        }
      }),
    );
  });

  it('are filled to the last byte, and not beyond it', () => {
    expect([...packed([50, 50, 1], { limits, bytesOf })]).toEqual([[50, 50], [1]]);
    expect([...packed([50, 51], { limits, bytesOf })]).toEqual([[50], [51]]);
    expect([...packed([101, 1], { limits, bytesOf })]).toEqual([[101], [1]]);
  });
});

describe('delivery', () => {
  it('tries refused entries again, and only those', async () => {
    const sent: number[][] = [];
    const { items } = await deliver([1, 2, 3], soon(), {
      limits,
      bytesOf,
      async send(batch) {
        sent.push([...batch]);
        return answer(batch, sent.length === 1 ? [{ Id: '1', Code: 'InternalError' }] : []);
      },
    });
    expect(items).toEqual([]);
    expect(sent).toEqual([[1, 2, 3], [2]]);
  });

  it('takes nothing for delivered that the answer does not name', async () => {
    const sent: number[][] = [];
    const { items } = await deliver([1, 2], soon(), {
      limits,
      bytesOf,
      async send(batch) {
        sent.push([...batch]);
        return sent.length === 1 ? { Successful: [{ Id: '0' }], Failed: [{ Id: 'what' }] } : answer(batch);
      },
    });
    expect(items).toEqual([]);
    expect(sent).toEqual([[1, 2], [2]]);
  });

  it('tries a whole batch again after a fault of the service, and one that says to slow down', async () => {
    for (const error of [awsError('InternalFailure', 500), awsError('ThrottlingException', 400), new Error('reset')]) {
      let calls = 0;
      const { items } = await deliver([1], soon(), {
        limits,
        bytesOf,
        async send(batch) {
          if (++calls === 1) throw error;
          return answer(batch);
        },
      });
      expect([items, calls]).toEqual([[], 2]);
    }
  });

  it('gives up at once what no retry can cure, and says why', async () => {
    let calls = 0;
    const undelivered = await deliver([1, 2], soon(), {
      limits,
      bytesOf,
      async send() {
        calls++;
        throw awsError('AccessDeniedException', 403);
      },
    });
    expect(undelivered).toEqual({ items: [1, 2], why: ['AccessDeniedException: AccessDeniedException said so'] });
    expect(calls).toBe(1);
  });

  it('gives up after a few tries an entry that the service says is our fault, and delivers its neighbours', async () => {
    const taken: number[] = [];
    const undelivered = await deliver([1, 2, 3], soon(), {
      limits,
      bytesOf,
      async send(batch) {
        taken.push(...batch.filter((item) => item !== 2));
        const place = batch.indexOf(2);
        return answer(batch, [{ Id: String(place), Code: 'InvalidMessageContents', SenderFault: true }]);
      },
    });
    expect(undelivered).toEqual({ items: [2], why: ['InvalidMessageContents'] });
    expect(taken).toEqual([1, 3]);
  });

  it('ends at the deadline, with everything that is left, though the service never answers', async () => {
    const startedAt = performance.now();
    const { items, why } = await deliver([60, 60, 60], new Deadline(MARGIN_MS + 50), {
      limits,
      bytesOf,
      send: () => new Promise(() => {}),
    });
    expect(items).toEqual([60, 60, 60]);
    expect(why).toEqual(['DeadlineError: out of time']);
    expect(performance.now() - startedAt).toBeLessThan(MARGIN_MS);
  });

  it('tells its calls that the time is over', async () => {
    let aborted = false;
    await deliver([1], new Deadline(MARGIN_MS + 20), {
      limits,
      bytesOf,
      send: (_, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            aborted = true;
            reject(new Error('aborted'));
          });
        }),
    });
    expect(aborted).toBe(true);
  });
});

describe('an error in words', () => {
  it('says what AWS said, and of errors that may quote an event only their kind', () => {
    expect(errorInWords(awsError('NotFound', 404))).toBe('NotFound: NotFound said so');
    expect(errorInWords(new SyntaxError('Unexpected token in "hunter2"'))).toBe('SyntaxError');
    expect(errorInWords(Object.assign(new Error('to hunter2'), { code: 'ECONNREFUSED' }))).toBe('Error (ECONNREFUSED)');
    expect(errorInWords('hunter2')).not.toContain('hunter2');
    const undelivered = { items: [1], why: ['Throttled'] };
    expect(errorInWords(new UndeliveredError('alerts', undelivered, 2))).toBe(
      'UndeliveredError: 1 of 2 alerts not delivered: Throttled',
    );
  });
});
