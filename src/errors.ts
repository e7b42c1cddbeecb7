// The one error class that people are meant to read, and the exit code of each kind of it.

export type ErrorKind = 'usage' | 'input' | 'network' | 'store' | 'output';

/** Exit codes as documented in the README; 1, 6, 70, 130 and 143 are not errors of this class. */
export const EXIT_CODES = {
  usage: 2,
  input: 3,
  output: 3,
  network: 4,
  store: 5,
} as const satisfies Record<ErrorKind, number>;

/** A failure with a sentence for the person (`message`) and the next step to take (`hint`). */
export class MailgateError extends Error {
  readonly kind: ErrorKind;
  readonly hint: string | null;

  constructor(kind: ErrorKind, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MailgateError';
    this.kind = kind;
    this.hint = options.hint ?? null;
  }
}
