import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import * as wrap from '../../scripts/samples/payloads/envelopes.ts';

/** When CloudWatch Logs received every line of {@link subscriptionOf}, in milliseconds since 1970. */
export const RECEIVED_AT = 1_772_359_200_000;

/** A whole Lambda event of `samples/payloads/`. */
export function payload(name: string): unknown {
  return JSON.parse(readFileSync(payloadFile(name), 'utf8'));
}

export function payloadFile(name: string): URL {
  return new URL(`../../samples/payloads/${name}`, import.meta.url);
}

/** A Lambda event with these lines of an audit log. */
export function subscriptionOf(...messages: readonly string[]): unknown {
  return { awslogs: { data: base64Of(...messages) } };
}

/** What of such an event is base64. */
export function base64Of(...messages: readonly string[]): string {
  const lines = messages.map((message) => ({ at: RECEIVED_AT, message }));
  return gzipSync(JSON.stringify(wrap.logsData(wrap.AUDIT_GROUP, wrap.AUDIT_STREAM, lines))).toString('base64');
}
