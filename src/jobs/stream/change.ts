/** Wakes those who wait for something to change. */
export class Change {
  #waiting: (() => void)[] = [];

  /** Until the next `happen`: what is waited for must be looked at right before, with no `await` between the two. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  happen(): void {
    const woken = this.#waiting;
    this.#waiting = [];
    for (const wake of woken) wake();
  }
}
