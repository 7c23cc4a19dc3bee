/**
 * Whether `address` is an IPv4 or IPv6 address that the internet routes. Private, shared (100.64/10, which EKS gives to
 * pods), loopback, link-local and documentation-free unspecified ranges are not; nor is text that is no address.
 */
export function isPublicAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(mapped)) {
    const [a = 0, b = 0, c = 0, d = 0] = mapped.split('.').map(Number);
    if (Math.max(a, b, c, d) > 255) return false;
    return !(
      a === 0 ||
      a === 10 ||
      a === 127 ||
      a >= 224 ||
      (a === 100 && b >= 64 && b < 128) ||
      (a === 169 && b === 254) ||
      (a === 172 && b >= 16 && b < 32) ||
      (a === 192 && b === 168)
    );
  }
  return /^[23][0-9a-f]{3}:[0-9a-f:]*$/i.test(address);
}
