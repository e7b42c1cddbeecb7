// Reads from an EHLO reply what the mail host offers (RFC 5321 section 4.1.1.1).

/** Keyword in upper case (`PIPELINING`, `SIZE`) to its parameters as sent, '' where there are none. */
export type Extensions = ReadonlyMap<string, string>;

/** Long before this many a host is playing games; real ones offer about fifteen. */
const MAX_EXTENSIONS = 64;
/** ehlo-keyword, then a space, or the "=" of hosts that still write `AUTH=LOGIN`. */
const OFFER = /^([a-z0-9][a-z0-9-]{0,63})(?:$|[ =]+(.{0,200}))/i;

/** The offers of an EHLO reply's text, whose first line is the host's name and greeting. Lines of no sense are left out. */
export function parseExtensions(text: string): Extensions {
  const extensions = new Map<string, string>();
  for (const line of text.split('\n').slice(1, 1 + MAX_EXTENSIONS)) {
    const [, keyword, parameters] = OFFER.exec(line) ?? [];
    if (keyword !== undefined) extensions.set(keyword.toUpperCase(), (parameters ?? '').trim());
  }
  return extensions;
}
