// Which characters IDNA2008 admits in a U-label (RFC 5892), as far as UTS #46 does not refuse them already.

/** PVALID by general category (RFC 5892 section 2.1), with the exceptions and contextual characters of sections 2.6 and A. */
export function isNameCharacter(characters: readonly string[], index: number): boolean {
  const character = characters[index] ?? '';
  if (DISALLOWED.has(character)) return false;
  return character === '-' || LETTER_DIGIT.test(character) || EXCEPTIONS.has(character);
}

/** True where a contextual character stands outside the context RFC 5892 appendix A asks for (joiners: see tr46). */
export function breaksContextRule(characters: readonly string[]): boolean {
  if (ARABIC_INDIC.test(characters.join('')) && EXTENDED_ARABIC_INDIC.test(characters.join(''))) return true; // A.8, A.9
  return characters.some((character, index) => {
    const before = characters[index - 1] ?? '';
    const after = characters[index + 1] ?? '';
    switch (character) {
      case '\u00b7':
        return before !== 'l' || after !== 'l'; // A.3 MIDDLE DOT, for Catalan
      case '\u0375':
        return !/\p{Script=Greek}/u.test(after); // A.4 GREEK KERAIA
      case '\u05f3':
      case '\u05f4':
        return !/\p{Script=Hebrew}/u.test(before); // A.5, A.6 HEBREW GERESH, GERSHAYIM
      case '\u30fb':
        return !/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u.test(characters.join('')); // A.7
      default:
        return false;
    }
  });
}

const LETTER_DIGIT = /^[\p{Ll}\p{Lo}\p{Lm}\p{Mn}\p{Mc}\p{Nd}]$/u;
const ARABIC_INDIC = /[\u0660-\u0669]/;
const EXTENDED_ARABIC_INDIC = /[\u06f0-\u06f9]/;

// RFC 5892 section 2.6, PVALID and CONTEXTO beyond the categories above; joiners by section 2.8 (context checked by tr46).
const EXCEPTIONS = new Set([
  '\u06fd', // ARABIC SIGN SINDHI AMPERSAND
  '\u06fe', // ARABIC SIGN SINDHI POSTPOSITION MEN
  '\u0f0b', // TIBETAN MARK INTERSYLLABIC TSHEG
  '\u3007', // IDEOGRAPHIC NUMBER ZERO
  '\u00b7',
  '\u0375',
  '\u05f3',
  '\u05f4',
  '\u30fb',
  '\u200c',
  '\u200d',
]);

// RFC 5892 section 2.6, DISALLOWED.
const DISALLOWED = new Set([
  '\u0640', // ARABIC TATWEEL
  '\u07fa', // NKO LAJANYALAN
  '\u302e', // HANGUL SINGLE DOT TONE MARK
  '\u302f', // HANGUL DOUBLE DOT TONE MARK
  '\u3031', // VERTICAL KANA REPEAT MARK
  '\u3032', // VERTICAL KANA REPEAT WITH VOICED SOUND MARK
  '\u3033', // VERTICAL KANA REPEAT MARK UPPER HALF
  '\u3034', // VERTICAL KANA REPEAT WITH VOICED SOUND MARK UPPER HALF
  '\u3035', // VERTICAL KANA REPEAT MARK LOWER HALF
  '\u303b', // VERTICAL IDEOGRAPHIC ITERATION MARK
]);
