// A number of slots for who works at once; who lends a slot to others and wants it back comes before who begins.

export class Slots {
  #size: number;
  #taken = 0;
  readonly #returning: (() => void)[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  get taken(): number {
    return this.#taken;
  }

  /** True where somebody new may begin. */
  get hasFree(): boolean {
    return this.#taken < this.#size;
  }

  take(): void {
    this.#taken += 1;
  }

  giveBack(): void {
    this.#taken -= 1;
    this.#letReturn();
  }

  /** Resolves when a slot is free again, and takes it. */
  takeAgain(): Promise<void> {
    return new Promise((resolve) => {
      this.#returning.push(resolve);
      this.#letReturn();
    });
  }

  /** Nobody who has begun waits any more. */
  openWide(): void {
    this.#size = Number.POSITIVE_INFINITY;
    this.#letReturn();
  }

  #letReturn(): void {
    while (this.hasFree) {
      const enter = this.#returning.shift();
      if (enter === undefined) return;
      this.#taken += 1;
      enter();
    }
  }
}
