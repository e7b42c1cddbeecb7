// Makes any text safe to show on one line of a terminal, a CSV cell or a log: controls appear as escapes, length is capped.

/**
 * What moves the cursor, ends a line, or changes or hides the text around it: C0 and C1 controls (Cc), bidi controls,
 * zero-width marks, the byte order mark and tags (Cf), line and paragraph separators, halves of surrogate pairs.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/**
 * `text` with every unsafe character as an escape (`\x1b`, `\u202e`), at most `max` UTF-16 units long; text that was
 * cut ends in "…". An escape or a surrogate pair is never cut in two. A backslash stays as it is, for people read this.
 */
export function printable(text: string, max: number): string {
  if (text.length <= max && !UNSAFE.test(text)) return text;
  let shown = '';
  let fits = '';
  for (const character of text) {
    shown += UNSAFE.test(character) ? escaped(character) : character;
    if (shown.length > max) return `${fits}…`;
    if (shown.length < max) fits = shown; // leaves room for the "…"
  }
  return shown;
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\u{${code.toString(16)}}`;
}
