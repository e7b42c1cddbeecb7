// Turns the HTML of a report into plain lines: tags out, entities decoded; it need not look like anything.

/** One pass over the text, without patterns that could look ahead for long: `<` without `>` costs nothing extra. */
export function htmlToText(html: string): string {
  const pieces: string[] = [];
  const lower = html.toLowerCase();
  let position = 0;
  while (position < html.length) {
    const open = html.indexOf('<', position);
    if (open === -1) break;
    pieces.push(html.slice(position, open));
    const close = html.indexOf('>', open);
    if (close === -1) return finish(pieces);
    const tag = tagName(lower, open);
    if (LINE_TAGS.has(tag)) pieces.push('\n');
    position = SKIPPED_TAGS.has(tag) ? endOfElement(lower, close + 1, tag) : close + 1;
  }
  pieces.push(html.slice(position));
  return finish(pieces);
}

const LINE_TAGS: ReadonlySet<string> = new Set([
  'br',
  'p',
  '/p',
  'div',
  '/div',
  'tr',
  '/tr',
  'li',
  'h1',
  'h2',
  'h3',
  'hr',
  'table',
]);
const SKIPPED_TAGS: ReadonlySet<string> = new Set(['style', 'script', 'title']);

function tagName(html: string, open: number): string {
  return /^<(\/?[a-z0-9]{1,10})/.exec(html.slice(open, open + 12))?.[1] ?? '';
}

/** Behind the end tag, or behind everything where there is none. */
function endOfElement(html: string, from: number, tag: string): number {
  const end = html.indexOf(`</${tag}`, from);
  return end === -1 ? html.length : end;
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['nbsp', ' '],
]);

function finish(pieces: readonly string[]): string {
  return pieces
    .join('')
    .replace(/&(?:#(\d{1,6})|([a-z]{2,6}));/g, (whole, code: string | undefined, name: string | undefined) => {
      if (code !== undefined) return String.fromCodePoint(Math.min(Number(code), 0x10ffff));
      return ENTITIES.get(name ?? '') ?? whole;
    });
}
