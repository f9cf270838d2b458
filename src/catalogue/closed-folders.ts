import { quoteLocation } from '../copies/quote-location.ts';
import type { Destination } from '../destinations/destination.ts';
import type { WarnLasting } from '../log.ts';

/** How many folders a warning names. */
const NAMED = 10;

/** The folders that a listing has left out because this account may not enter them, such as `lost+found` or `.snapshot`. */
export class ClosedFolders {
  readonly #folders = new Set<string>();

  /** For `Destination.list`. */
  readonly note = (folder: string): void => {
    this.#folders.add(folder);
  };

  /** Whether one of them may have an object under this key: then nobody knows whether it is missing. */
  mayHold(key: string): boolean {
    return [...this.#folders].some((folder) => `${key}/`.startsWith(`${folder}/`));
  }

  /** Warns of them, if there are any. */
  warn(destination: Destination, warnLasting: WarnLasting): void {
    const folders = [...this.#folders].toSorted();
    if (folders.length === 0) return;
    const names = folders.slice(0, NAMED).map((folder) => quoteLocation(destination.locate(folder)));
    const more = folders.length > NAMED ? ` and ${folders.length - NAMED} more` : '';
    warnLasting(
      `closed folders on ${destination.url}`,
      `Cannot enter ${names.join(', ')}${more}: no permission. Copies in there, if any, are not listed`,
    );
  }
}
