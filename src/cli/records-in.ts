// Reads what a command is asked about: arguments, or standard input as plain lines or JSON objects, bounded line by line.
import type { Readable } from 'node:stream';
import { MailgateError } from '../errors.ts';

export interface RecordIn {
  /** The text asked about. */
  readonly text: string;
  /** The record's own id, carried back to its answer; undefined where it has none. */
  readonly id: unknown;
  /** The whole object, where the input holds objects. */
  readonly fields: Readonly<Record<string, unknown>> | null;
}

/** No address and no reply is longer; what is, is cut here and refused by whoever reads it. */
const MOST_LINE_CHARACTERS = 64 * 1024;

/** The records named by arguments; a single `-` reads standard input. Objects hold the text under `field`. */
export async function* readRecords(args: readonly string[], stdin: Readable, field: string): AsyncGenerator<RecordIn> {
  if (args.length !== 1 || args[0] !== '-') {
    for (const text of args) yield { text, id: undefined, fields: null };
    return;
  }
  let holdsObjects: boolean | null = null;
  let number = 0;
  for await (const line of linesOf(stdin)) {
    number += 1;
    if (line.trim() === '') continue;
    holdsObjects ??= line.trimStart().startsWith('{');
    yield holdsObjects ? recordOf(line, number, field) : { text: line, id: undefined, fields: null };
  }
}

function recordOf(line: string, number: number, field: string): RecordIn {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new MailgateError('input', `line ${number} of standard input is no JSON object`, {
      hint: 'The first line was one, so every line must be.',
      cause,
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MailgateError('input', `line ${number} of standard input is no JSON object`, {
      hint: `Each line needs the form {"${field}": …}.`,
    });
  }
  const fields = value as Record<string, unknown>;
  // Who writes null has none: an empty cell, a reply of a code alone. A missing key is rather a misspelt one.
  const text = fields[field] === null ? '' : fields[field];
  if (typeof text !== 'string') {
    throw new MailgateError('input', `line ${number} of standard input has no text under "${field}"`, {
      hint: `Each line needs the form {"${field}": …}.`,
    });
  }
  return { text, id: fields['id'], fields };
}

/** Lines without their end; a longer one than the limit is cut, so that a stream without line ends fills no memory. */
async function* linesOf(stdin: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8');
  let rest = '';
  for await (const chunk of stdin) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk as Uint8Array, { stream: true });
    const lines = rest.split('\n');
    rest = (lines.pop() ?? '').slice(0, MOST_LINE_CHARACTERS);
    for (const line of lines) yield line.replace(/\r$/, '').slice(0, MOST_LINE_CHARACTERS);
  }
  rest += decoder.decode();
  if (rest !== '') yield rest.replace(/\r$/, '');
}
