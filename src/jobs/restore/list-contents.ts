import type { Writable } from 'node:stream';
import { openCatalogue } from '../../catalogue/catalogue.ts';
import { findCopy } from '../../catalogue/find-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import type { FoundCopy } from '../../kinds/found-copy.ts';
import { Beginning } from '../../pipeline/beginning.ts';
import { TarCheck } from '../../sources/tar-check.ts';
import type { TarMember } from '../../sources/tar-header.ts';
import type { JobContext } from '../job-context.ts';
import { readCandidates } from './read-candidates.ts';

/** Something in a copy. */
export interface ContainedFile extends Pick<TarMember, 'size'> {
  /** As it was on the host: absolute in a copy of a directory, below the data directory in one of MySQL. */
  readonly path: string;
  /** What a copy of MySQL does not have. */
  readonly about: Omit<TarMember, 'path' | 'size' | 'target'> | undefined;
  /** What a link points to: of a hard link the other path of the same file. */
  readonly target: string | undefined;
}

/**
 * Tells `report` of all that is in a copy while it is read to its end, in the order of its stream, and returns which object it was. When reading
 * fails, what was told may be of a damaged copy. Throws a TwinDbError also for a copy of a binary log, which is one file.
 */
export async function listContents(
  wanted: string,
  report: (file: ContainedFile) => void,
  context: JobContext,
): Promise<FoundCopy> {
  const catalogue = openCatalogue(context);
  const found = await findCopy(wanted, undefined, catalogue);
  const [{ location, parsed }] = found as [FoundCopy];
  switch (parsed.media) {
    case 'files': {
      const { FILES } = await import('../../kinds/files.ts');
      let told = 0;
      return await readCandidates(
        {
          candidates: await catalogue.lookUp(found, FILES),
          verb: 'list',
          stages() {
            let seen = 0;
            // What has been told before the copy in another place had to stand in.
            const onMember = (member: TarMember) => {
              seen += 1;
              if (seen > told) report(describeMember(member));
              told = Math.max(told, seen);
            };
            return [new TarCheck({ onMember }), nowhere()];
          },
        },
        context,
      );
    }
    case 'mysql': {
      const { MYSQL } = await import('../../kinds/mysql.ts');
      const { XbstreamListing } = await import('../../mysql/copy/xbstream-listing.ts');
      let listing = new XbstreamListing();
      const candidates = await catalogue.lookUp(found, MYSQL);
      const stages = () => [(listing = new XbstreamListing())] as const;
      const read = await readCandidates({ candidates, verb: 'list', stages }, context);
      for (const [path, size] of listing.files) report({ path, size, about: undefined, target: undefined });
      return read;
    }
    case 'binlog':
      throw new TwinDbError(
        `${quoteLocation(location)} is the copy of one binary log: there is nothing else in it`,
        {
          remedy: 'twindb-backup restore binlog restores it.',
        },
      );
  }
}

function nowhere(): Writable {
  return new Beginning(0);
}

function describeMember({ path, target, size, type, ...about }: TarMember): ContainedFile {
  return {
    path: absolutePath(path),
    size,
    about: { type, ...about },
    target: type === 'h' && target ? absolutePath(target) : target?.toString(),
  };
}

/** Members have no leading slash; those of a copy of `/` begin with `./` or without. */
function absolutePath(path: Buffer): string {
  return `/${path.toString().replace(/^(?:\.?\/)+/, '')}`;
}
