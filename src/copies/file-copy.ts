import type { PinnableCopy } from './pin.ts';
import type { RunType } from './run-type.ts';
import type { WrittenCopy } from './writer.ts';

/** A backup copy of a directory, as `HOST/files-status` records it. Times are in seconds since the epoch. */
export interface FileCopy extends Omit<WrittenCopy, 'server'>, PinnableCopy {
  /** Where it lies on the destination: `HOST/RUN_TYPE/files/NAME`. */
  readonly key: string;
  readonly host: string;
  readonly runType: RunType;
  readonly name: string;
  /** The directory it was made from. */
  readonly sourcePath: string;
  readonly backupStarted: number;
  readonly backupFinished: number;
  /** Bytes of the object as it is stored. */
  readonly size: number;
  /** SHA-256 of the object as it is stored, in hex. */
  readonly sha256: string;
  /** Bytes before compression, where tar told. */
  readonly unpackedSize: number | undefined;
  /** Suffixes of the transformations, in the order of their application. */
  readonly chain: readonly string[];
  /** Members of the archive; undefined where that was not counted, as in the first versions. */
  readonly members: number | undefined;
}
