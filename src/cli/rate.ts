/** How far back a rate looks: long enough for it to be calm, short enough to show that nothing comes any more. Milliseconds. */
const WINDOW_MS = 10_000;

/** Bytes a second, of the last seconds. */
export class Rate {
  readonly #samples: { readonly at: number; readonly bytes: number }[] = [];

  /** Notes how many bytes have come by the time `at`, in milliseconds, and returns the rate. */
  note(at: number, bytes: number): number {
    this.#samples.push({ at, bytes });
    while ((this.#samples[1]?.at ?? at) <= at - WINDOW_MS) this.#samples.shift();
    const first = this.#samples[0];
    return first === undefined || at <= first.at ? 0 : ((bytes - first.bytes) / (at - first.at)) * 1000;
  }
}
