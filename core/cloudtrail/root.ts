import type { Weight } from './parameters.ts';
import { actionOf, outcomeOf, stringParameter } from './predicates.ts';
import type { CloudTrailEvent } from './schema.ts';

/** Events of the sign-in and account services that are about root whoever is named as caller, if anybody is. */
const ABOUT_ROOT: Readonly<Record<string, Weight>> = {
  'signin:PasswordUpdated': { severity: 'critical', severityReason: 'the root password was changed' },
  'signin:PasswordRecoveryRequested': {
    severity: 'high',
    severityReason: 'a reset of the root password was asked for, which anyone can who knows its e-mail address',
  },
  'signin:PasswordRecoveryCompleted': { severity: 'critical', severityReason: 'the root password was reset by e-mail' },
  'signin:EmailUpdated': {
    severity: 'critical',
    severityReason: 'the e-mail address that owns the account was changed',
  },
  'signin:EmailUpdateRequested': {
    severity: 'critical',
    severityReason: 'a new e-mail address for the account was asked for',
  },
  'account:StartPrimaryEmailUpdate': {
    severity: 'critical',
    severityReason: 'a new e-mail address for a member account was asked for',
  },
  'account:AcceptPrimaryEmailUpdate': {
    severity: 'critical',
    severityReason: 'the e-mail address that owns a member account was changed',
  },
  'iam:EnableOrganizationsRootSessions': {
    severity: 'high',
    severityReason: 'root sessions into every member account can be had from the management account',
  },
  'iam:EnableOrganizationsRootCredentialsManagement': {
    severity: 'high',
    severityReason: 'root credentials of every member account can be managed from the management account',
  },
};

/** Calls by root that concern root itself where they name no user. */
const OWN_CREDENTIALS: Readonly<Record<string, Weight>> = {
  'iam:CreateAccessKey': { severity: 'critical', severityReason: 'root has a lasting access key' },
  'iam:UpdateAccessKey': { severity: 'critical', severityReason: 'an access key of root was switched on' },
  'iam:CreateLoginProfile': { severity: 'critical', severityReason: 'root was given a password' },
  'iam:UpdateLoginProfile': { severity: 'critical', severityReason: 'the root password was changed' },
  'iam:UploadSigningCertificate': { severity: 'critical', severityReason: 'root has a lasting signing certificate' },
  'iam:DeactivateMFADevice': { severity: 'critical', severityReason: 'root lost a second factor' },
  'iam:DeleteVirtualMFADevice': { severity: 'critical', severityReason: 'root lost a second factor' },
  'iam:EnableMFADevice': { severity: 'high', severityReason: 'root has a new second factor: good, if it is yours' },
  'iam:CreateVirtualMFADevice': { severity: 'high', severityReason: 'root made a second factor: good, if it is yours' },
};

/** The calls that may change how one gets to be root. */
export const ROOT_CREDENTIAL_ACTIONS: readonly string[] = [...Object.keys(ABOUT_ROOT), ...Object.keys(OWN_CREDENTIALS)];

/** How the call changes by what one gets to be root, and how grave that is; `undefined` where it does not. */
export function weighRootCredentialChange(event: CloudTrailEvent): Weight | undefined {
  const action = actionOf(event);
  const change =
    (Object.hasOwn(ABOUT_ROOT, action) ? ABOUT_ROOT[action] : undefined) ??
    (event.userIdentity.type === 'Root' && namesRoot(event) && Object.hasOwn(OWN_CREDENTIALS, action)
      ? OWN_CREDENTIALS[action]
      : undefined);
  return change && outcomeOf(event) === 'denied'
    ? { severity: 'medium', severityReason: `refused, else: ${change.severityReason}` }
    : change;
}

function namesRoot(event: CloudTrailEvent): boolean {
  const user = stringParameter(event, 'userName');
  if (user !== undefined && !/^(?:root|<root_account>|AWS ROOT USER)$/i.test(user)) return false;
  switch (actionOf(event)) {
    case 'iam:UpdateAccessKey':
      return !/^(?:inactive|expired)$/i.test(stringParameter(event, 'status') ?? '');
    case 'iam:DeleteVirtualMFADevice':
      return /:mfa\/root-account-mfa-device$/.test(stringParameter(event, 'serialNumber') ?? '');
    default:
      return true;
  }
}

const BILLING_SOURCES = new Set(
  [
    'aws-portal bcm-data-exports billing billingconsole budgets ce consolidatedbilling cost-optimization-hub cur',
    'freetier invoicing payments purchase-orders tax',
  ].flatMap((names) => names.split(' ').map((name) => `${name}.amazonaws.com`)),
);

/** Whether the call only reads: as the record says, else by its name. */
export function onlyReads({ readOnly, eventName }: CloudTrailEvent): boolean {
  return readOnly ?? /^(?:Get|List|Describe|Head|Lookup|Search|BatchGet|Filter)/.test(eventName);
}

/** Whether the call only looks at bills, which only root may in many accounts. */
export function readsBills(event: CloudTrailEvent): boolean {
  return onlyReads(event) && BILLING_SOURCES.has(event.eventSource);
}
