// A bell for who waits until something has changed.

export class Bell {
  #waiters: (() => void)[] = [];

  /** Resolves when the bell is rung next. */
  rung(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  ring(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }
}
