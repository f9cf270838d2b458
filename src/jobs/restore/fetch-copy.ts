import type { KnownCopy } from '../../catalogue/catalogue.ts';
import { pinFolder } from '../../pinned-folder.ts';
import type { JobContext } from '../job-context.ts';
import type { LastStages } from '../read-copy.ts';
import { leaveEmpty } from './claim-folder.ts';
import { type RecordedBytes, readCandidates } from './read-candidates.ts';
import { leastSize, measureSpace, requireSpace } from './space.ts';

/** How to bring one copy into a folder. */
interface Fetch {
  /** The objects that hold the copy, in the order in which to try them. */
  readonly candidates: readonly KnownCopy<RecordedBytes>[];
  /** Gets the contents; emptied after each attempt that failed. */
  readonly dst: string;
  /** The folder that the operator named, for messages. */
  readonly dstName: string;
  /** Only a part of the copy is kept, so that it may not need the room of all of it. */
  readonly isPart?: boolean;
  /** The last stages: they take what the copy was made from. Without a checksum, one of them has to error when its input was cut short. */
  readonly extract: (hasChecksum: boolean) => LastStages;
  /** Throws when what was extracted cannot be right although every stage succeeded. */
  readonly check?: () => Promise<void>;
}

/**
 * Destination -> digest check -> gpg -d -> decompressor -> extractor, from the first place whose copy is intact, as `readCandidates` says.
 * Returns the location it came from. When all fail, `dst` is empty and the error of the last one is thrown.
 */
export async function fetchCopy(
  { candidates, dst, dstName, isPart = false, extract, check }: Fetch,
  context: JobContext,
): Promise<string> {
  const { location } = await readCandidates(
    {
      candidates,
      verb: 'restore',
      async begin({ object, lookup }) {
        if (isPart) return;
        const space = await measureSpace(dst, dstName);
        const sizes = { packed: object.size, unpacked: lookup.record?.unpackedSize };
        requireSpace(space, leastSize(space, sizes));
      },
      stages: extract,
      ...(check && { finish: check }),
      async undo(error) {
        await using folder = await pinFolder(dst);
        await leaveEmpty(dstName, folder, error);
      },
    },
    context,
  );
  return location;
}
