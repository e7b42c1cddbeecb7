// The streams of one invocation and how to write on them: what a terminal may show, in colour or plain.
import type { Readable, Writable } from 'node:stream';
import { Chalk, type ChalkInstance } from 'chalk';
import { printable } from '../smtp/printable.ts';

/** Everything the program is given by the process that runs it; nothing below reads the process itself. */
export interface Invocation {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  readonly stdin: Readable;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborted on the first Ctrl-C or SIGTERM; the reason is the signal's name. */
  readonly interrupted: AbortSignal;
}

export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Colours for one stream: on a terminal unless NO_COLOR or --no-color says otherwise (https://no-color.org). */
export function coloursFor(
  stream: Output,
  options: { readonly color: boolean; readonly env: Invocation['env'] },
): ChalkInstance {
  const isWanted = options.color && !options.env['NO_COLOR'] && options.env['TERM'] !== 'dumb';
  const isForced = Boolean(options.env['FORCE_COLOR']) && options.env['FORCE_COLOR'] !== '0';
  return new Chalk({ level: isWanted && (stream.isTTY === true || isForced) ? 1 : 0 });
}

/**
 * Writes and waits until the stream can take more, so that a slow reader slows us down instead of filling memory.
 * A reader that went away (`| head`) rejects with the stream's EPIPE, which main takes for a quiet end.
 */
export async function write(stream: Output, text: string): Promise<void> {
  if (stream.destroyed || stream.write(text)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}

/** A text of one or more lines with nothing in it that could move a terminal: names of files and columns are strangers' words. */
export function plainLines(text: string): string {
  return text
    .split('\n')
    .map((line) => printable(line, MOST_LINE_CHARACTERS))
    .join('\n');
}

/** More than any sentence of ours; what a stranger put into one must not fill the screen. */
const MOST_LINE_CHARACTERS = 2000;

/** A text in lines of at most `width` characters, broken at blanks; a word longer than that is left to the terminal. */
export function folded(text: string, width: number | null): string[] {
  if (width === null || text.length <= width) return [text];
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > Math.max(LEAST_WIDTH, width)) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

/** A terminal narrower than this breaks lines as it likes. */
const LEAST_WIDTH = 30;
