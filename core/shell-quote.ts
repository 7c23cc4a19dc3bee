const SAFE = /^[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*$/;
/** What is not the name itself: control characters spelt out, masked secrets, text that was cut. */
const NOT_VERBATIM = /\\u\{[0-9a-f]+\}|\[redacted\]|…(?:\[\d+ more\])?$/;

/**
 * `text` as one word of a POSIX shell, or `undefined` where it cannot be one harmlessly: a leading `-` would be read as
 * an option, `file://` would make the AWS command line send a file of whoever pastes it, and text that was not printable,
 * not shown or not whole would not name the same thing.
 */
export function shellQuote(text: string): string | undefined {
  if (text === '' || /^(?:-|fileb?:\/\/)/i.test(text) || NOT_VERBATIM.test(text)) return undefined;
  return SAFE.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
