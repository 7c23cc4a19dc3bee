import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  certificateDecisionOf,
  certificateRequestOf,
  certificateSubjectOf,
  isNodesOwn,
  privilegedNamesIn,
} from '../../core/k8s-audit/certificate.ts';
import { auditEventSchema } from '../../core/k8s-audit/schema.ts';

/** Made by `openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj ... -outform DER`. */
const OPENSSL = {
  '/O=system:masters/CN=eve':
    'MIHjMIGJAgEAMCcxFzAVBgNVBAoMDnN5c3RlbTptYXN0ZXJzMQwwCgYDVQQDDANldmUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT2WyVkKH4fi88hwRrsBvpWLP660umKvADLUbcj6pvJeHMNLEGjU1dQaEfTDzTC7+luyfsPfqzzT89frXhHp0eNoAAwCgYIKoZIzj0EAwIDSQAwRgIhAOnnOAlit7vKdSSMlvf5rjjReCGdinVq6vTdc0f4YnK0AiEA2pQtg3nlWwGiZDeIkO68YL41yVcvZvNdxuW8EGsn9EA=',
  '/C=DE/O=dev+OU=x/O=system:nodes/CN=system:node:ip-10-0-0-1':
    'MIIBGDCBwAIBADBeMQswCQYDVQQGEwJERTEWMAgGA1UECwwBeDAKBgNVBAoMA2RldjEVMBMGA1UECgwMc3lzdGVtOm5vZGVzMSAwHgYDVQQDDBdzeXN0ZW06bm9kZTppcC0xMC0wLTAtMTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNt07w2XWWFlw0+66+c5kago+xhQYOJkqnVg6jno78HKqjW7Gsni5ONta6lO2lmlPQ8CQj+5eJ63zwpHvYFHOySgADAKBggqhkjOPQQDAgNHADBEAiAnVMyXqdICHRkfflIhJbVhJ6i+JIeHx4fpnX3TOpxifQIgRdzRZPH43N7Q6GUCvcdFV6w9nhdtdXQXY7Cc8di1vas=',
};

const pem = (der: Uint8Array, label = 'CERTIFICATE REQUEST', head = '') =>
  `-----BEGIN ${label}-----\n${head}${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`;
const request = (...blocks: string[]) => Buffer.from(blocks.join('')).toString('base64');

const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const attribute = (oid: string, tag: number, value: Buffer) =>
  der(0x30, der(0x06, Buffer.from(oid, 'hex')), der(tag, value));
const CN = '550403';
const O = '55040a';
const UTF8 = 0x0c;
/** A request with these attributes, one set for each list. */
const made = (...sets: Buffer[][]) =>
  der(0x30, der(0x30, der(0x02, Buffer.from([0])), der(0x30, ...sets.map((one) => der(0x31, ...one))), der(0x30)));

describe('the subject of a PKCS#10 request', () => {
  it('is read as openssl writes it', () => {
    const [masters = '', node = ''] = Object.values(OPENSSL).map((hex) => request(pem(Buffer.from(hex, 'base64'))));
    expect(certificateSubjectOf(masters)).toEqual({ commonNames: ['eve'], organizations: ['system:masters'] });
    expect(certificateSubjectOf(node)).toEqual({
      commonNames: ['system:node:ip-10-0-0-1'],
      organizations: ['dev', 'system:nodes'],
    });
  });

  it('is read in every string type, in sets of several and beyond 127 bytes', () => {
    const bmp = Buffer.from('system:masters', 'utf16le').swap16();
    const long = 'x'.repeat(300);
    const subject = certificateSubjectOf(
      request(
        pem(
          made(
            [attribute(O, 0x1e, bmp), attribute(CN, 0x13, Buffer.from('admin'))],
            [attribute(O, 0x14, Buffer.from(long))],
          ),
        ),
      ),
    );
    expect(subject).toEqual({ commonNames: ['admin'], organizations: ['system:masters', long] });
  });

  it('is read behind headers, an older label, junk and a broken block before it', () => {
    const whole = made([attribute(O, UTF8, Buffer.from('system:masters'))]);
    for (const blocks of [
      [pem(whole, 'NEW CERTIFICATE REQUEST')],
      ['junk\n', pem(whole, undefined, 'Proc-Type: x\n\n')],
      [pem(Buffer.from('nope')), pem(whole)],
    ]) {
      expect(certificateSubjectOf(request(...blocks))?.organizations).toEqual(['system:masters']);
    }
  });

  it('is undefined for anything that is no request, and never throws', () => {
    expect(certificateSubjectOf('')).toBeUndefined();
    const whole = made([attribute(O, UTF8, Buffer.from('system:masters')), attribute(CN, UTF8, Buffer.from('eve'))]);
    fc.assert(
      fc.property(fc.uint8Array(), fc.string(), fc.nat({ max: whole.length }), fc.nat(255), (bytes, text, at, byte) => {
        certificateSubjectOf(text);
        certificateSubjectOf(request(pem(bytes)));
        const changed = Buffer.from(whole);
        changed[at] = byte;
        certificateSubjectOf(request(pem(changed)));
        certificateSubjectOf(request(pem(whole.subarray(0, at))));
      }),
    );
  });
});

describe('a certificate request', () => {
  const subject = { commonNames: ['system:node:a'], organizations: ['system:nodes'] };
  const serving = {
    signerName: 'kubernetes.io/kubelet-serving',
    usages: ['server auth'],
    expirationSeconds: undefined,
    requester: undefined,
    requesterArn: undefined,
    subject,
    isUnreadable: false,
  };
  const node = { username: 'system:node:a', groups: ['system:nodes'], extra: undefined };

  it('is a node’s own only in its exact name, its only group and its use', () => {
    expect(isNodesOwn(serving, node)).toBe(true);
    for (const odd of [
      { ...serving, usages: ['server auth', 'client auth'] },
      { ...serving, signerName: 'kubernetes.io/kube-apiserver-client' },
      { ...serving, subject: { ...subject, commonNames: ['system:node:b'] } },
      { ...serving, subject: { ...subject, commonNames: ['system:node:a', 'system:node:b'] } },
      { ...serving, subject: { ...subject, organizations: ['system:nodes', 'system:masters'] } },
      { ...serving, subject: undefined },
    ]) {
      expect(isNodesOwn(odd, node)).toBe(false);
    }
  });

  it('lets a bootstrap token ask for any node’s client certificate, and nobody of its name but not its kind', () => {
    const client = { ...serving, signerName: 'kubernetes.io/kube-apiserver-client-kubelet', usages: ['client auth'] };
    const bootstrap = { username: 'system:bootstrap:abcdef', groups: ['system:bootstrappers'], extra: undefined };
    expect(isNodesOwn(client, bootstrap)).toBe(true);
    expect(isNodesOwn(client, { ...bootstrap, extra: { arn: ['arn:aws:sts::111122223333:assumed-role/x/y'] } })).toBe(
      false,
    );
    expect(isNodesOwn(client, { ...bootstrap, groups: [] })).toBe(false);
  });

  it('names what is privileged in a subject, in any case', () => {
    const names = {
      commonNames: ['Kubernetes-Admin', 'system:serviceaccount:shop:cart', 'jo'],
      organizations: ['System:Masters', 'dev'],
    };
    expect(privilegedNamesIn(names)).toEqual([
      'CN=Kubernetes-Admin',
      'CN=system:serviceaccount:shop:cart',
      'O=System:Masters',
    ]);
  });

  it('is read from any body without throwing', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (a, b) => {
        for (const requestObject of [
          a,
          { spec: a, status: b },
          { spec: { usages: a, request: b, extra: a }, status: { conditions: [a, b] } },
        ]) {
          const event = auditEventSchema.parse({ requestObject, objectRef: { subresource: 'approval' } });
          certificateRequestOf(event);
          certificateDecisionOf(event);
        }
      }),
    );
  });
});
