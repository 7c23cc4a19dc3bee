/** Where a word that has no room on any line is broken, best first: paths, ARNs, addresses and names have such seams. */
const SEAMS = [/(?<=[/:,&=])/, /(?=@)/, /(?<=-)/];
const QUOTED = /'[^']*'|"(?:\\.|[^"\\])*"|\\./g;
/** A word of a shell command, with whatever is quoted in it. */
const SHELL_WORD = new RegExp(`(?:${QUOTED.source}|[^\\s'"\\\\])+`, 'g');
const CONTINUED = ' \\';

/**
 * Lines of at most `width` columns, each behind `margin`; colour comes afterwards. A word longer than that is broken
 * inside the margin, at a seam where it has one: what an attacker wrote never begins a line of its own.
 */
export function wrapped(text: string, margin: string, width: number): string[] {
  const room = Math.max(1, width - margin.length);
  return filled(
    text.split(' ').map((word) => piecesOf(word, room)),
    room,
  ).map((line) => margin + line);
}

/**
 * The same for a shell command, to be copied as it stands: lines end in a backslash, and words are whole. Only one with
 * blanks in its quotes, which could pass for a line of ours, is broken at those where it has no room.
 */
export function wrappedCommand(command: string, margin: string, width: number): string[] {
  const words = command.match(SHELL_WORD) ?? [];
  if (words.join(' ') !== command) return wrapped(command, margin, width);
  if (columnsOf(margin + command) <= width) return [margin + command];
  const room = Math.max(1, width - margin.length - CONTINUED.length);
  const isWhole = (word: string) => columnsOf(word) <= room || /^[!-~]+$/.test(word);
  const parts = words.flatMap((word) =>
    isWhole(word) ? [[word]] : word.split(' ').map((part) => (isWhole(part) ? [part] : piecesOf(part, room))),
  );
  const lines = filled(parts, room);
  return lines.map((line, place) => {
    const isLast = place === lines.length - 1;
    const isInQuotes = /['"]/.test(
      lines
        .slice(0, place + 1)
        .join(' ')
        .replace(QUOTED, ''),
    );
    return margin + line + (isLast || isInQuotes ? '' : CONTINUED);
  });
}

/** Lines filled with words one after the other; the pieces of a word have no blank between them. */
function filled(words: readonly (readonly string[])[], room: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const pieces of words) {
    for (const [place, piece] of pieces.entries()) {
      const joint = line === '' || place > 0 ? '' : ' ';
      const isBegun = place === 0 && pieces.length > 1;
      if (!(isBegun && line !== '') && columnsOf(line + joint + piece) <= room) line += joint + piece;
      else {
        if (line !== '') lines.push(line.trimEnd());
        line = piece;
      }
    }
  }
  return [...lines, line];
}

/** A long word in pieces that have room on a line. */
function piecesOf(word: string, room: number, [seam, ...others]: readonly RegExp[] = SEAMS): string[] {
  if (columnsOf(word) <= room) return [word];
  if (seam) return word.split(seam).flatMap((part) => piecesOf(part, room, others));
  const pieces: string[] = [];
  let piece = '';
  for (const character of word) {
    if (piece !== '' && columnsOf(piece + character) > room) {
      pieces.push(piece);
      piece = '';
    }
    piece += character;
  }
  return [...pieces, piece];
}

/** Characters that take two columns of a terminal: those of East Asia, and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18fff}\u{1aff0}-\u{1b2ff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/gu;

/** How many columns a terminal needs for a text at most; a character that combines with another counts for itself. */
function columnsOf(text: string): number {
  return [...text].length + (text.match(WIDE)?.length ?? 0);
}
