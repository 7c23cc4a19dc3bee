/**
 * Whether `text` matches `pattern`, in which `*` stands for any run of characters (`/` and `:` included, as in RBAC and
 * IAM) and `?` for exactly one. Case counts. Linear in the text but for a pattern's stars; never backtracks further
 * than the last star.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
