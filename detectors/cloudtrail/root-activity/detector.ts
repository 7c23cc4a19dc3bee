import { gravest, weight } from '../../../core/cloudtrail/parameters.ts';
import { actionOf, actorName, outcomeOf, parametersOf } from '../../../core/cloudtrail/predicates.ts';
import { onlyReads, readsBills, weighRootCredentialChange } from '../../../core/cloudtrail/root.ts';
import { defineDetector } from '../../../core/detector.ts';

/** A step of signing in that tells nothing yet, and a role that AWS makes for itself when root opens a service. */
const ASIDE = new Set(['CheckMfa', 'CreateServiceLinkedRole']);

/** Services that do what somebody wrote down for them, with that somebody's rights. */
const ORDERED = new Set(['cloudformation.amazonaws.com', 'ssm.amazonaws.com']);

export default defineDetector({
  id: 'cloudtrail/root-activity',
  title: 'Root user active',
  description:
    'No IAM policy binds the root user of an account. It is for the few tasks that nobody else can do; any other use is ' +
    'somebody who found the password or an old key.',
  severity: 'high',
  mitre: ['TA0001:T1078.004', 'TA0004:T1078.004'],
  source: 'cloudtrail',
  covers: ['root-account-used', 'root-console-login'],
  when: { caller: 'root', outcomes: ['succeeded', 'denied'] },

  detect(event) {
    const { invokedBy } = event.userIdentity;
    if (event.eventType === 'AwsServiceEvent' || (invokedBy && !ORDERED.has(invokedBy))) return undefined;
    if (ASIDE.has(event.eventName) || readsBills(event)) return undefined;
    // That detector speaks for these, with a runbook of its own.
    if (weighRootCredentialChange(event)) return undefined;
    const action = actionOf(event);
    const login = event.eventName === 'ConsoleLogin';
    const { MFAUsed } = parametersOf(event.additionalEventData);
    const mfaUsed = login ? String(MFAUsed).toLowerCase() === 'yes' : undefined;
    const reads = !login && onlyReads(event);
    const denied = outcomeOf(event) === 'denied';
    return {
      title: `${actorName(event)} ${login ? 'signed in to the console' : `${denied ? 'was refused' : 'called'} ${action}`}`,
      dedup: [actorName(event), reads ? 'reads' : action],
      ...gravest([
        weight(mfaUsed === false, 'critical', 'signed in without a second factor'),
        weight(reads, 'medium', 'the call only reads'),
      ]),
      evidence: {
        mfaUsed,
        assumedRoot: event.userIdentity.sessionContext?.assumedRoot,
        lastingKey: event.userIdentity.accessKeyId?.startsWith('AKIA') || undefined,
      },
    };
  },
});
