// Decodes the HTML entities that web exports leave in addresses; no other markup is understood.
import type { RepairNotes } from './unwrap.ts';

/** Decodes one level of named entities and of numeric ones for printable ASCII; controls stay encoded, thus refused. */
export function decodeEntities(text: string, notes: RepairNotes): string {
  if (!text.includes('&') || !text.includes(';')) return text;
  const decoded = text.replace(
    /&(?:#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z]{2,8}));/g,
    (entity, decimal, hex, name) => {
      if (name !== undefined) return NAMED.get(name) ?? entity;
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number.parseInt(decimal, 10);
      return code >= 0x20 && code <= 0x7e ? String.fromCharCode(code) : entity;
    },
  );
  if (decoded !== text) notes.repairs.add('html_entity');
  return decoded;
}

// HTML standard, section 13.5 "Named character references": those that can stand in or around an address.
const NAMED = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
  ['commat', '@'],
  ['period', '.'],
  ['lowbar', '_'],
  ['hyphen', '-'],
  ['nbsp', '\u00a0'],
]);
