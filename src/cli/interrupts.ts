// Turns signals into one abort signal: the first asks the run to stop and keep what it has, the second ends it at once.

/** A launcher passes signals on that the terminal has sent to both processes; two within this time are one. */
const ECHO_MS = 200;
const SHOW_CURSOR = '\x1b[?25h';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Why a run was asked to stop; what `signal.throwIfAborted()` throws. */
export class Interruption extends Error {
  /** SIGINT, SIGTERM, SIGHUP, or EPIPE where the reader of the output went away. */
  override readonly cause: string;

  constructor(cause: string) {
    super(`interrupted by ${cause}`);
    this.name = 'Interruption';
    this.cause = cause;
  }
}

export class Interrupts {
  readonly #controller = new AbortController();
  readonly #process: NodeJS.Process;
  #firstAt = 0;

  constructor(process: NodeJS.Process) {
    this.#process = process;
    for (const name of SIGNALS) process.on(name, this.#onSignal);
  }

  /** Aborted with an `Interruption` as its reason, or with the failure that ends the run. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Asks for a stop for another reason than a signal. */
  abort(reason: Error): void {
    this.#controller.abort(reason);
  }

  dispose(): void {
    for (const name of SIGNALS) this.#process.off(name, this.#onSignal);
  }

  #onSignal = (name: NodeJS.Signals): void => {
    const now = performance.now();
    if (!this.#controller.signal.aborted) {
      this.#firstAt = now;
      this.#controller.abort(new Interruption(name));
      return;
    }
    if (now - this.#firstAt < ECHO_MS) return;
    // At once means at once: verdicts are committed as they are made, and the output has not been renamed into place.
    this.dispose();
    if (this.#process.stderr.isTTY) this.#process.stderr.write(SHOW_CURSOR); // the progress bar had hidden it
    this.#process.kill(this.#process.pid, name);
  };
}
