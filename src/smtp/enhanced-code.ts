// Finds the enhanced status code (RFC 3463) in a reply's text; what it means is for others to say.

/** What follows a code must not go on as a longer number, an address or a name (`5.1.1.7`, `5.1.1@example.test`). */
const END = String.raw`(?![\w@]|\.\w)`;
const CODE = String.raw`([245]\.\d{1,3}\.\d{1,3})`;

/** Nearly every code stands here, and one look at the beginning is much cheaper than a search. */
const AT_START = new RegExp(`^[ \\t]*${CODE}${END}`);

/** Banners and EHLO replies have dots and no code; one look spares them three searches. */
const ANYWHERE = /[245]\.\d{1,3}\.\d/;

/**
 * Where a code may stand. Anywhere else digits and dots are a version, an address or a quotation of another server.
 * `(?:^|\n)` and not the `m` flag, for which a bare CR begins a line.
 */
const CODE_PLACES: readonly RegExp[] = [
  new RegExp(`(?:^|\\n)[ \\t]*${CODE}${END}`, 'g'), // RFC 2034 section 4: begins the text of each line
  new RegExp(`#${CODE}${END}`, 'g'), // Cisco "#5.1.0 Address rejected", qmail "(#5.1.1)"
  new RegExp(`\\(${CODE}\\)|\\[${CODE}\\]`, 'g'), // gateways that close with "(5.1.1)"
];

/**
 * The enhanced code of a reply, or null where none is offered. Its class digit must be the reply's own: a `5.1.1` in
 * a 450 (a relayed or nested refusal) is no code of this reply.
 */
export function enhancedCodeOf(code: number, text: string): string | null {
  const ownClass = String(code).charAt(0);
  const first = AT_START.exec(text)?.[1];
  if (first?.startsWith(ownClass)) return first;
  if (!ANYWHERE.test(text)) return null;
  for (const place of CODE_PLACES) {
    for (const match of text.matchAll(place)) {
      const found = match[1] ?? match[2];
      if (found?.startsWith(ownClass)) return found;
    }
  }
  return null;
}
