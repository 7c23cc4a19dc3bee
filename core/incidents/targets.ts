import type { Alert } from '../alert.ts';
import { cut } from '../inert.ts';

/** How many targets an incident names. */
export const MAX_TARGETS = 20;
/** In UTF-16 units: a namespace, and a name that is longer than most. */
const MAX_TARGET_LENGTH = 128;

/** What an incident says of the targets of its findings. */
export type Targets = Pick<Alert['incident'], 'targets' | 'moreTargets'>;

/**
 * The target of one alert as an incident names it, `pods shop/web-0` or the path of what is no resource; `undefined` where
 * there is none. As safe to show as what it is made of.
 */
export function targetTextOf({ target, event }: Pick<Alert, 'target' | 'event'>): string | undefined {
  const name = [target.namespace, target.name].filter(Boolean).join('/');
  const text = [target.resource, name].filter(Boolean).join(' ') || event.requestUri?.split('?')[0];
  return text ? cut(text, MAX_TARGET_LENGTH) : undefined;
}

/** How the incident of one alert names its target. */
export function targetsOf(alert: Pick<Alert, 'target' | 'event'>): Targets {
  const text = targetTextOf(alert);
  return text === undefined ? {} : { targets: [text] };
}

/**
 * The targets of both: those that sort first, for these are the same in whatever order and groups findings come. That there
 * are more is remembered, but not how many: to count them, all would have to be kept.
 */
export function allTargets(a: Targets, b: Targets): Targets {
  const { targets: known = [] } = a;
  const fresh = (b.targets ?? []).filter((target) => !known.includes(target));
  const all = fresh.length === 0 ? known : [...known, ...fresh].sort();
  const isMore = a.moreTargets || b.moreTargets || all.length > MAX_TARGETS;
  return {
    ...(all.length > 0 ? { targets: all.slice(0, MAX_TARGETS) } : {}),
    ...(isMore ? { moreTargets: true } : {}),
  };
}
