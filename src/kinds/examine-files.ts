import type { FileCopy } from '../copies/file-copy.ts';
import { TwinDbError } from '../errors.ts';
import { Beginning } from '../pipeline/beginning.ts';
import { findSourcePath, listMembers } from '../sources/files.ts';
import { TarCheck } from '../sources/tar-check.ts';
import { toSeconds } from '../units.ts';
import { describeName } from './describe-name.ts';
import type { Examination } from './examination.ts';
import type { FoundCopy } from './found-copy.ts';

/** More than the longest path that Linux takes. */
const LISTING_SIZE = 8192;

/** Reads a copy of a directory to the end of its archive. */
export function examineFiles(found: FoundCopy): Examination<FileCopy> {
  const archive = new TarCheck();
  const members = new Beginning(LISTING_SIZE);
  return {
    stages: [archive, listMembers(), members],
    describe: async (digest) => () => ({
      ...describe(found, members.bytes.toString('utf8')),
      ...digest,
      unpackedSize: archive.size,
      members: archive.members,
    }),
  };
}

/** What the Python tool did not record: the archive's own first member says which directory it was made from. */
function describe(
  found: FoundCopy,
  members: string,
): Omit<FileCopy, 'size' | 'sha256' | 'unpackedSize' | 'members'> {
  const { base, named } = describeName(found, 'tar');
  const sourcePath = findSourcePath(base, members);
  if (sourcePath === undefined) {
    throw new TwinDbError('what is in it does not lie below the directory that its name tells');
  }
  const backupFinished = Math.max(named.backupStarted, toSeconds(found.object.modified));
  return { ...named, sourcePath, backupFinished };
}
