import { describeError } from '../../errors.ts';
import type { Log } from '../../log.ts';

/** After how long a failure that lasts is said again, in milliseconds. */
const REPEAT_MS = 10 * 60_000;

/** A failure that may last: it is said when it begins, now and then while it lasts, and when it is over. */
export class Trouble {
  readonly #log: Log;
  #said: { readonly message: string; readonly at: number } | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** `more` is what changes while it lasts. */
  failed(error: unknown, more: string): void {
    const message = describeError(error);
    const now = performance.now();
    const isNew = this.#said?.message !== message || now - this.#said.at >= REPEAT_MS;
    if (isNew) this.#said = { message, at: now };
    this.#log[isNew ? 'warn' : 'debug'](`${message}\n${more}`);
  }

  /** Says nothing when nothing has failed. */
  over(message: string): void {
    if (this.#said !== undefined) this.#log.info(message);
    this.#said = undefined;
  }
}
