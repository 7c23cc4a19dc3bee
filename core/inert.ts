// Controls (ANSI escapes, NUL, line breaks), format characters (bidi overrides, zero-width, tags), lone surrogates, line
// and paragraph separators, whatever fonts leave invisible, and the non-characters that SQS refuses.
const ACTIVE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu;

/**
 * Attacker-controlled text as data: every character that a terminal, a mail client or SQS would act on or refuse is
 * spelt out as `\u{1b}`. The result is printable on one line and safe to store; markup of a particular sink (HTML,
 * Markdown, Slack) is that sink's to escape.
 */
export function inert(text: string): string {
  return text.replace(ACTIVE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/**
 * `text` cut to at most `length` UTF-16 units, saying how many are missing where there is room to say so; never ends in
 * half a surrogate pair.
 */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const room = length - missingNote(text.length).length;
  if (room < 0) return '…'.slice(0, length);
  const kept = text.slice(0, room).replace(/[\ud800-\udbff]$/, '');
  return kept + missingNote(text.length - kept.length);
}

/** Stands at the end of a text or list for the units or elements that are left out. */
export function missingNote(missing: number): string {
  return `…[${missing} more]`;
}
