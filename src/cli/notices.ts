// Says things to the person on standard error: each once, in plain words, and nothing at all with --quiet.
import type { ChalkInstance } from 'chalk';
import { type Output, plainLines } from './terminal.ts';

export class Notices {
  readonly #stream: Output;
  readonly #colours: ChalkInstance;
  readonly #quiet: boolean;
  readonly #said = new Set<string>();
  /** Cleared before a line is written, so that a progress bar does not swallow it. */
  clearBar: () => void = () => {};

  constructor(stream: Output, options: { readonly colours: ChalkInstance; readonly quiet: boolean }) {
    this.#stream = stream;
    this.#colours = options.colours;
    this.#quiet = options.quiet;
  }

  /** A fact worth knowing. */
  tell(line: string): void {
    if (!this.#quiet) this.#line(plainLines(line));
  }

  /** Something that makes the result worse; shown even with --quiet. */
  warn(line: string): void {
    this.#line(`${this.#colours.yellow('warning:')} ${plainLines(line)}`);
  }

  #line(line: string): void {
    if (this.#said.has(line)) return;
    this.#said.add(line);
    this.clearBar();
    this.#stream.write(`${line}\n`);
  }
}
