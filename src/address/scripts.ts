// Tells whether a name mixes letters of scripts that look alike; it flags, and leaves judging to people.

// The scripts whose letters are passed off as Latin ones; Han with Kana or Hangul is how those languages are written.
const LOOK_ALIKES = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u, /\p{Script=Armenian}/u] as const;

/** True where one label or local part holds letters of two scripts that are easily mistaken for each other. */
export function mixesLookAlikeScripts(text: string): boolean {
  let seen = 0;
  for (const script of LOOK_ALIKES) if (script.test(text)) seen += 1;
  return seen > 1;
}
