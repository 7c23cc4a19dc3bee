import { hexOf } from './random.ts';

const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  const length =
    body.length < 128
      ? [body.length]
      : body.length < 256
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts);
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const bits = (bytes: Uint8Array) => der(0x03, Buffer.from([0]), bytes);

const ORGANIZATION = '55040a';
const COMMON_NAME = '550403';
const attribute = (type: string, text: string) => der(0x31, sequence(oid(type), der(0x0c, Buffer.from(text))));

const EC_PUBLIC_KEY = '2a8648ce3d0201';
const P256 = '2a8648ce3d030107';
const ECDSA_SHA256 = '2a8648ce3d040302';

/** A PKCS#10 request as `spec.request` carries it (base64 of PEM). Its key and signature are noise: nothing here verifies them. */
export function certificateRequest(commonName: string, organization: string): string {
  const noise = (part: string, length: number) =>
    Buffer.from(
      `${hexOf(`csr/${commonName}/${part}/0`, 64)}${hexOf(`csr/${commonName}/${part}/1`, 64)}`.slice(0, length * 2),
      'hex',
    );
  const point = Buffer.concat([Buffer.from([4]), noise('key', 64)]);
  const subject = sequence(attribute(ORGANIZATION, organization), attribute(COMMON_NAME, commonName));
  const key = sequence(sequence(oid(EC_PUBLIC_KEY), oid(P256)), bits(point));
  const info = sequence(der(0x02, Buffer.from([0])), subject, key, der(0xa0));
  const number = (part: string) => der(0x02, Buffer.concat([Buffer.from([1]), noise(part, 31)]));
  const request = sequence(info, sequence(oid(ECDSA_SHA256)), bits(sequence(number('r'), number('s'))));
  const lines = request
    .toString('base64')
    .match(/.{1,64}/g)
    ?.join('\n');
  return Buffer.from(`-----BEGIN CERTIFICATE REQUEST-----\n${lines}\n-----END CERTIFICATE REQUEST-----\n`).toString(
    'base64',
  );
}
