// Classes of single characters that the address grammar knows; what a sequence of them may mean is decided elsewhere.

/** Bits of the ASCII class table; a character may be of several classes. */
export const ATEXT = 1;
export const LETTER_OR_DIGIT = 2;
export const DIGIT = 4;
export const UPPER_CASE = 8;

/** The class bits of each ASCII character. atext is RFC 5322 section 3.2.3. */
export const ASCII_CLASSES: Uint8Array = buildAsciiClasses();

/** True for a letter, a digit or one of the signs that a local part may hold without quotes (RFC 5322 section 3.2.3). */
export function isAtext(code: number): boolean {
  return code < 0x80 && ((ASCII_CLASSES[code] as number) & ATEXT) !== 0;
}

export function isLetterOrDigit(code: number): boolean {
  return code < 0x80 && ((ASCII_CLASSES[code] as number) & LETTER_OR_DIGIT) !== 0;
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** True for blanks of every script and for TAB, CR and LF, all of which exports leave at the ends of cells. */
export function isSpace(code: number): boolean {
  if (code < 0x80) return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
  if (code === 0xa0 || code === 0x1680 || code === 0x3000) return true;
  if (code < 0x2000 || code > 0x205f) return false;
  return code <= 0x200a || code === 0x2028 || code === 0x2029 || code === 0x202f || code === 0x205f;
}

/** True for C0 and C1 controls and DEL: none of them may ever reach an SMTP command. */
export function isControl(code: number): boolean {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f);
}

/** How a sentence names a character: by its code, so that no sentence carries what a terminal would act on. */
export function nameOfCharacter(text: string, index: number): string {
  const code = text.codePointAt(index) ?? 0;
  const hex = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return code > 0x20 && code < 0x7f ? `'${String.fromCharCode(code)}' (${hex})` : hex;
}

function buildAsciiClasses(): Uint8Array {
  const classes = new Uint8Array(128);
  for (let code = 0; code < 128; code++) {
    const character = String.fromCharCode(code);
    if (/[A-Za-z0-9]/.test(character)) classes[code] = ATEXT | LETTER_OR_DIGIT;
    else if ("!#$%&'*+-/=?^_`{|}~".includes(character)) classes[code] = ATEXT;
    if (/[0-9]/.test(character)) classes[code] = (classes[code] as number) | DIGIT;
    if (/[A-Z]/.test(character)) classes[code] = (classes[code] as number) | UPPER_CASE;
  }
  return classes;
}
