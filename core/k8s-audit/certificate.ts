import { Buffer } from 'node:buffer';
import { count, listOf, orAbsent, text, texts } from '../fields.ts';
import * as z from '../zod.ts';
import { extraOf } from './identity.ts';
import { asObject, objectOf } from './object.ts';
import { isPrivilegedGroup, isPrivilegedUsername } from './privileged-identity.ts';
import type { AuditEvent, AuditUser } from './schema.ts';

/** The names that a certificate authenticates: `CN` becomes the user, each `O` a group. */
export interface CertificateSubject {
  readonly commonNames: readonly string[];
  readonly organizations: readonly string[];
}

/** A CertificateSigningRequest as its approval is judged. Fields of an unexpected type are absent. */
export interface CertificateRequest {
  readonly signerName: string | undefined;
  readonly usages: readonly string[];
  readonly expirationSeconds: number | undefined;
  /** Who asked for it, as the API server recorded. */
  readonly requester: string | undefined;
  readonly requesterArn: string | undefined;
  readonly subject: CertificateSubject | undefined;
  /** Whether there was a PKCS#10 request that could not be read. */
  readonly isUnreadable: boolean;
}

const spec = z.object({
  request: text,
  signerName: text,
  usages: texts,
  expirationSeconds: count,
  username: text,
  extra: orAbsent(z.record(z.string(), texts)),
});

/** The CertificateSigningRequest that the event stores or approves, or `undefined` where its body was not logged. */
export function certificateRequestOf(event: AuditEvent): CertificateRequest | undefined {
  const parsed = spec.safeParse(asObject(objectOf(event)?.spec));
  if (!parsed.success) return undefined;
  const { request, signerName, usages, expirationSeconds, username, extra } = parsed.data;
  const subject = request === undefined ? undefined : certificateSubjectOf(request);
  return {
    signerName,
    usages: usages.map((usage) => usage.trim().toLowerCase()),
    expirationSeconds,
    requester: username,
    requesterArn: extra?.canonicalArn?.[0],
    subject,
    isUnreadable: request !== undefined && subject === undefined,
  };
}

const CLIENT_SIGNERS = new Set(
  ['kube-apiserver-client', 'kube-apiserver-client-kubelet', 'legacy-unknown'].map((name) => `kubernetes.io/${name}`),
);

/** Whether the certificate is meant to prove who its holder is: by its usages or by its signer. */
export function isClientCertificate({ signerName = '', usages }: CertificateRequest): boolean {
  return CLIENT_SIGNERS.has(signerName) || usages.includes('client auth') || usages.includes('any');
}

/** Whether the API server would take the certificate for a login: its own signers, or one that was not logged. */
export function isApiServerLogin(request: CertificateRequest): boolean {
  const { signerName, usages } = request;
  if (signerName === undefined) return usages.length === 0 || isClientCertificate(request);
  return signerName.startsWith('kubernetes.io/') && isClientCertificate(request);
}

/** The privileged names in a subject: a service account's of any namespace is one, for certificates are not theirs. */
export function privilegedNamesIn({ commonNames, organizations }: CertificateSubject): string[] {
  return [
    ...commonNames
      .filter((name) => isPrivilegedUsername(name) || /^\s*system:serviceaccount:/i.test(name))
      .map((name) => `CN=${name}`),
    ...organizations.filter(isPrivilegedGroup).map((name) => `O=${name}`),
  ];
}

/**
 * Whether a node asks for a certificate in its own name: for serving, or as the client that it is. Also a kubelet's
 * first certificate, for which it shows a bootstrap token and not yet a name.
 */
export function isNodesOwn(request: CertificateRequest, by: Pick<AuditUser, 'username' | 'groups' | 'extra'>): boolean {
  const { signerName, usages, subject } = request;
  const [name = '', ...others] = subject?.commonNames ?? [];
  if (others.length > 0 || !/^system:node:./.test(name)) return false;
  if (subject?.organizations.join() !== 'system:nodes') return false;
  const isClient = usages.includes('client auth') || usages.includes('any');
  if (signerName === 'kubernetes.io/kubelet-serving') return name === by.username && !isClient;
  if (signerName !== 'kubernetes.io/kube-apiserver-client-kubelet') return false;
  const bootstraps =
    by.username.startsWith('system:bootstrap:') &&
    by.groups.includes('system:bootstrappers') &&
    by.extra?.arn === undefined;
  return name === by.username || bootstraps;
}

/** Whether who approves is who asked: the same user name, or the same IAM principal under another. */
export function isOwnRequest(request: CertificateRequest, by: AuditUser): boolean {
  if (request.requester !== undefined && request.requester !== '' && request.requester === by.username) return true;
  return request.requesterArn !== undefined && request.requesterArn === extraOf(by, 'canonicalArn');
}

/**
 * What a request writes into a CertificateSigningRequest's status: `approved`, `signed`, or `undefined` where the body
 * shows neither, as a denial does. A body that was not logged counts as what the subresource is for.
 */
export function certificateDecisionOf(event: AuditEvent): 'approved' | 'signed' | undefined {
  const isSigning = event.objectRef?.subresource === 'status';
  const object = objectOf(event);
  if (!object) return isSigning ? 'signed' : 'approved';
  const parsed = status.safeParse(object.status ?? {});
  const { certificate, conditions = [] } = parsed.success ? parsed.data : {};
  if (isSigning) return certificate ? 'signed' : undefined;
  return conditions.some(({ type, status }) => type === 'Approved' && status !== 'False') ? 'approved' : undefined;
}

const status = z.object({ certificate: text, conditions: listOf(z.object({ type: text, status: text })) });

/**
 * The subject of a `spec.request`: base64 of one or more PEM blocks, each a PKCS#10 request. The subjects of several are
 * put together, for which of them counts is the reader's choice. `undefined` where none can be read.
 */
export function certificateSubjectOf(request: string): CertificateSubject | undefined {
  const pem = Buffer.from(request, 'base64').toString('latin1');
  const subjects = pem
    .split(/-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----/)
    .slice(1)
    .flatMap((block) => {
      // A PEM block may have headers, which end at an empty line.
      const [text = ''] = block.split('-----END', 1);
      const body = text.includes(':')
        ? text
            .split(/\r?\n\r?\n/)
            .slice(1)
            .join('')
        : text;
      return subjectOfDer(Buffer.from(body, 'base64')) ?? [];
    });
  if (subjects.length === 0) return undefined;
  return {
    commonNames: subjects.flatMap(({ commonNames }) => commonNames),
    organizations: subjects.flatMap(({ organizations }) => organizations),
  };
}

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const OBJECT_IDENTIFIER = 0x06;
const BMP_STRING = 0x1e;
const COMMON_NAME = '550403';
const ORGANIZATION = '55040a';

/** CertificationRequest ::= SEQUENCE { SEQUENCE { version INTEGER, subject Name, ... }, ... }  (RFC 2986) */
function subjectOfDer(der: Buffer): CertificateSubject | undefined {
  const info = elementAt(elementAt(der, 0, SEQUENCE)?.content, 0, SEQUENCE)?.content;
  const version = elementAt(info, 0, INTEGER);
  const name = version && elementAt(info, version.end, SEQUENCE);
  if (!name) return undefined;
  const attributes = elementsIn(name.content, SET).flatMap((names) => elementsIn(names, SEQUENCE));
  const valuesOf = (wanted: string) =>
    attributes.flatMap((attribute) => {
      const type = elementAt(attribute, 0, OBJECT_IDENTIFIER);
      const value = type?.content.toString('hex') === wanted ? elementAt(attribute, type.end) : undefined;
      return value && value.content.length > 0 ? [textOf(value)] : [];
    });
  return { commonNames: valuesOf(COMMON_NAME), organizations: valuesOf(ORGANIZATION) };
}

interface Element {
  readonly tag: number;
  readonly content: Buffer;
  /** Where the next element begins. */
  readonly end: number;
}

/** The DER (X.690) element at an offset, where there is one, whole, of definite length and of the wanted tag. */
function elementAt(bytes: Buffer | undefined, offset: number, wanted?: number): Element | undefined {
  const tag = bytes?.[offset];
  const first = bytes?.[offset + 1];
  if (!bytes || tag === undefined || first === undefined || (wanted !== undefined && tag !== wanted)) return undefined;
  const extra = first < 0x80 ? 0 : first - 0x80;
  const start = offset + 2 + extra;
  if (first === 0x80 || extra > 4 || start > bytes.length) return undefined;
  const length = extra === 0 ? first : bytes.readUIntBE(offset + 2, extra);
  if (start + length > bytes.length) return undefined;
  return { tag, content: bytes.subarray(start, start + length), end: start + length };
}

function elementsIn(bytes: Buffer, wanted: number): Buffer[] {
  const found: Buffer[] = [];
  for (let at = elementAt(bytes, 0, wanted); at; at = elementAt(bytes, at.end, wanted)) found.push(at.content);
  return found;
}

function textOf({ tag, content }: Element): string {
  if (tag !== BMP_STRING) return content.toString('utf8');
  return Buffer.from(content.subarray(0, content.length & ~1))
    .swap16()
    .toString('utf16le');
}
