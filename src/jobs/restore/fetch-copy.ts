import type { Duplex, Writable } from 'node:stream';
import type { KnownCopy } from '../../catalogue/catalogue.ts';
import { pinFolder } from '../../pinned-folder.ts';
import type { Stage } from '../../pipeline/run-pipeline.ts';
import type { JobContext } from '../job-context.ts';
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
  /** A stage in front of the last one that errors when its input was cut short, for copies without a checksum. */
  readonly checkEnd?: () => Duplex;
  /** The last stage: takes what the copy was made from. */
  readonly extract: () => Stage<Writable>;
  /** Throws when what was extracted cannot be right although every stage succeeded. */
  readonly check?: () => Promise<void>;
}

/**
 * Destination -> digest check -> gpg -d -> decompressor -> extractor, from the first place whose copy is intact, as `readCandidates` says.
 * Returns the location it came from. When all fail, `dst` is empty and the error of the last one is thrown.
 */
export async function fetchCopy(
  { candidates, dst, dstName, checkEnd, extract, check }: Fetch,
  context: JobContext,
): Promise<string> {
  const { location } = await readCandidates(
    {
      candidates,
      verb: 'restore',
      async begin({ object, lookup }) {
        const space = await measureSpace(dst, dstName);
        const sizes = { packed: object.size, unpacked: lookup.record?.unpackedSize };
        requireSpace(space, leastSize(space, sizes));
      },
      // With a checksum the extractor can have its input from the decompressor directly.
      stages: (hasChecksum) => [...(hasChecksum || checkEnd === undefined ? [] : [checkEnd()]), extract()],
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
