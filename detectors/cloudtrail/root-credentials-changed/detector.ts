import { actionOf, actorName, stringParameter } from '../../../core/cloudtrail/predicates.ts';
import { ROOT_CREDENTIAL_ACTIONS, weighRootCredentialChange } from '../../../core/cloudtrail/root.ts';
import { defineDetector } from '../../../core/detector.ts';

export default defineDetector({
  id: 'cloudtrail/root-credentials-changed',
  title: 'Root password, e-mail address, access key or second factor changed',
  description:
    'Who holds the root credentials holds the account, whatever IAM says, and can shut everybody else out. Root ' +
    'credentials change on planned days, or when somebody takes the account over.',
  severity: 'critical',
  mitre: ['TA0003:T1098.001', 'TA0040:T1531'],
  source: 'cloudtrail',
  covers: ['root-credentials-changed'],
  when: { actions: ROOT_CREDENTIAL_ACTIONS, outcomes: ['succeeded', 'denied'] },

  detect(event) {
    const change = weighRootCredentialChange(event);
    if (!change) return undefined;
    const account = stringParameter(event, 'accountId') ?? event.recipientAccountId ?? event.userIdentity.accountId;
    const caller = event.userIdentity.type ? actorName(event) : 'Somebody who is not signed in';
    return {
      title: `${caller}: ${change.severityReason}${account ? ` (account ${account})` : ''}`,
      dedup: [account ?? '', actionOf(event)],
      ...change,
      evidence: { change: actionOf(event), affectedAccount: account },
    };
  },
});
