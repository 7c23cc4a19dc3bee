import { isPublicAddress } from '../address.ts';

/**
 * A host as a network library would understand it: lower case, without port, IPv4 in four decimal parts whether it was
 * written as one number, in hex, octal or inside an IPv6 address; IPv6 in brackets. `undefined` for what is no host.
 */
export function canonicalHost(host: string): string | undefined {
  if (host === '' || host.length > 255) return undefined;
  const isBareIpv6 = /^[0-9a-f]{0,4}:[0-9a-f:.]{1,60}$/i.test(host) && host.indexOf(':') !== host.lastIndexOf(':');
  const url = `http://${isBareIpv6 ? `[${host}]` : host}`;
  if (!URL.canParse(url)) return undefined;
  const { hostname } = new URL(url);
  const mapped = /^\[(?:::ffff|64:ff9b:):([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(hostname);
  if (!mapped) return hostname.replace(/\.$/, '');
  const [high = 0, low = 0] = mapped.slice(1).map((part) => Number.parseInt(part, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

const METADATA_HOSTS = new Set([
  '169.254.169.254',
  '[fd00:ec2::254]',
  // Credentials of ECS tasks, and of EKS Pod Identity.
  '169.254.170.2',
  '169.254.170.23',
  '[fd00:ec2::23]',
  'instance-data',
  'instance-data.ec2.internal',
  'metadata.google.internal',
]);
/** Public name services that answer with the address in the name. */
const ADDRESS_IN_NAME = /(?:^|[.-])(?:169[.-]254[.-]169[.-]254|169[.-]254[.-]170[.-](?:2|23)|a9fea9fe)(?=[.-])/;

/** Whether a canonical host hands out credentials of the node or the pod. */
export function isMetadataHost(host: string): boolean {
  return METADATA_HOSTS.has(host) || ADDRESS_IN_NAME.test(host);
}

/** Whether a canonical host is the machine itself. */
export function isLoopback(host: string): boolean {
  return /^(?:127\.[\d.]+|0\.0\.0\.0|\[::1?\]|localhost|localhost\.localdomain|[\w.-]+\.localhost)$/.test(host);
}

/** Whether a canonical host is outside the cluster and its network, as far as its name tells. */
export function isForeignHost(host: string): boolean {
  if (isLoopback(host) || isMetadataHost(host)) return false;
  if (host.startsWith('[') || /^[\d.]+$/.test(host)) return isPublicAddress(host.replace(/[[\]]/g, ''));
  // No domain of the internet ends in a digit or a hyphenated word: `redis.shop-prod` is a service of a namespace.
  if (!/\.(?:[a-z]+|xn--[a-z\d-]+)$/.test(host)) return false;
  return !/\.(?:svc|local|internal|localdomain|home\.arpa)$|\.svc\./.test(host);
}

/** Whether a canonical host is an address rather than a name. */
export function isAddress(host: string): boolean {
  return /^[\d.]+$|^\[/.test(host);
}

/** Whether a canonical host is an address that the internet routes. */
export function isForeignAddress(host: string): boolean {
  return isAddress(host) && isForeignHost(host);
}
