// Makes HTML out of text: whatever is put into a template is escaped, unless it is HTML already.
import { printable } from '../../smtp/printable.ts';

/** HTML that may stand in the page as it is. */
export class Html {
  readonly #text: string;

  /** To be called by this file alone: everybody else writes `html` templates. */
  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

export type Insert = Html | string | number | readonly Html[];

/** A template whose inserts are escaped; arrays of HTML are put one after the other. */
export function html(parts: TemplateStringsArray, ...inserts: readonly Insert[]): Html {
  let text = parts[0] ?? '';
  inserts.forEach((insert, index) => {
    text += textOf(insert) + (parts[index + 1] ?? '');
  });
  return new Html(text);
}

export const NOTHING = new Html('');

/** A style sheet goes into the page as it is: it is ours, and escaping would break it. */
export function styleElement(sheet: string): Html {
  return new Html(`<style>${sheet}</style>`);
}

function textOf(insert: Insert): string {
  if (insert instanceof Html) return insert.toString();
  if (typeof insert === 'number') return String(insert);
  if (typeof insert === 'string') return escaped(insert);
  return insert.join('');
}

/** More than anything of ours; a stranger's text was cut where it was read. */
const MOST_CHARACTERS = 2000;

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

/** Signs that could turn the line around or hide in it are shown as escapes, as on a terminal. */
function escaped(text: string): string {
  return printable(text, MOST_CHARACTERS).replace(/[&<>"']/g, (sign) => ENTITIES.get(sign) ?? sign);
}
