import { StorageError } from '../errors.ts';

/** Names that one listing may have: a hundred times what a large installation keeps. They are held in memory. */
const MAX_NAMES = 10_000_000;

/** Pages without a name, one after the other. S3 has some where many versions were deleted. */
const MAX_EMPTY_PAGES = 1000;

/** Characters of a folder's path; what Linux takes. */
const MAX_PATH = 4096;

/** Called with each page that a server answers with: how many names it has, and what only this page may have at its end. */
export type PageCheck = (names: number, ...marks: readonly (string | undefined)[]) => void;

/** Watches one listing, so that a server that never comes to an end is an error instead of a full memory. */
export interface ListingGuard {
  /** For one run of pages that are to advance, such as those of a folder. The check throws a StorageError. */
  startPages(): PageCheck;
  /** Throws a StorageError when folders lie in each other without an end. */
  checkFolder(path: string): void;
}

/** `where` is what the messages say is being listed; `maxNames` is for tests. */
export function guardListing(where: string, maxNames: number = MAX_NAMES): ListingGuard {
  let total = 0;
  const fail = (reason: string, remedy: string): never => {
    throw new StorageError(`Cannot list ${where}: ${reason}`, { remedy });
  };
  const failToAdvance = (reason: string): never =>
    fail(
      `the listing does not end, ${reason}`,
      'The server is at fault: update or repair it, or use another destination. Nothing was changed.',
    );
  return {
    startPages() {
      let emptyPages = 0;
      const seen: ((mark: string) => boolean)[] = [];
      return (names, ...marks) => {
        total += names;
        emptyPages = names === 0 ? emptyPages + 1 : 0;
        if (total > maxNames) {
          fail(
            `there are more than ${maxNames} names`,
            'Move away what no backup has put there, or use a destination for copies alone.',
          );
        }
        if (emptyPages > MAX_EMPTY_PAGES) failToAdvance(`${emptyPages} pages had no name`);
        for (const [index, mark] of marks.entries()) {
          seen[index] ??= findCycle();
          if (mark !== undefined && seen[index](mark)) failToAdvance('the server repeats a page');
        }
      };
    },
    checkFolder(path) {
      if (path.length > MAX_PATH) failToAdvance('folders lie in each other without an end');
    },
  };
}

/**
 * Whether a sequence has begun to repeat itself. It remembers one mark at a time (Brent's algorithm), and so finds a
 * cycle of any length, within three times that length, but not each single mark that comes twice.
 */
function findCycle(): (mark: string) => boolean {
  let remembered: string | undefined;
  let age = 0;
  let patience = 1;
  return (mark) => {
    if (mark === remembered) return true;
    age += 1;
    if (age >= patience) {
      remembered = mark;
      age = 0;
      patience *= 2;
    }
    return false;
  };
}
