import type { AwsRequest } from '../support/aws-request.ts';
import type { Fault, FaultName } from '../support/fault.ts';
import type { AwaitPoint } from './chain.ts';

/**
 * What else befalls another request than the one at which a function dies. A connection that breaks after the work was done
 * says as little as an answer that never comes, and says it sooner.
 */
const OTHERS = ['503', 'commit-reset', 'partial'] as const;

/** A fault at a request, by its number. */
export interface OtherFault {
  readonly request: number;
  readonly name: (typeof OTHERS)[number];
}

/** Kills whoever makes a request, before or after it is done; another fault may befall another request. */
export function cutAt({ request, side }: AwaitPoint, other?: OtherFault) {
  const kill: FaultName = side === 'before' ? 'kill' : 'commit-kill';
  return (number: number, { entries }: AwsRequest): Fault | undefined => {
    if (number === request) return { name: kill };
    if (number !== other?.request) return undefined;
    const [first] = entries;
    if (other.name !== 'partial') return { name: other.name };
    return first && { name: 'partial', refused: new Set([first.id]) };
  };
}

/** Every point with every other fault at every other request; only a batch is taken in part. */
export function pairsOf(points: readonly AwaitPoint[]): { point: AwaitPoint; other: OtherFault }[] {
  const requests = points.filter(({ side }) => side === 'before');
  return points.flatMap((point) =>
    requests
      .filter(({ request }) => request !== point.request)
      .flatMap(({ request, what }) =>
        OTHERS.filter((name) => name !== 'partial' || what.endsWith('Batch')).map((name) => ({
          point,
          other: { request, name },
        })),
      ),
  );
}
