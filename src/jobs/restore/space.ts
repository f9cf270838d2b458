import { statfs } from 'node:fs/promises';
import { TwinDbError } from '../../errors.ts';
import { freeBytes } from '../../free-bytes.ts';
import { formatBytes } from '../../units.ts';

/**
 * ext2 to ext4, XFS and tmpfs, as statfs(2) numbers them: they take what they get as it is. Of others nobody knows: btrfs and
 * ZFS may compress, and behind a network's there may be any.
 */
const UNCOMPRESSED_FILE_SYSTEMS = [0xef53, 0x58465342, 0x01021994];

/** The file system of a folder. */
interface Space {
  /** The folder, for messages. */
  readonly name: string;
  /** Bytes that it has left for us. */
  readonly free: number;
  readonly mayCompress: boolean;
}

/** Measures it at `path`; `name` is what the operator calls that folder. */
export async function measureSpace(path: string, name: string): Promise<Space> {
  const stats = await statfs(path);
  return { name, free: freeBytes(stats), mayCompress: !UNCOMPRESSED_FILE_SYSTEMS.includes(stats.type) };
}

/** The least that a copy takes there when it is unpacked, in bytes; `unpacked` is what its status says of that. */
export function leastSize(
  { mayCompress }: Pick<Space, 'mayCompress'>,
  { packed, unpacked = 0 }: { readonly packed: number; readonly unpacked: number | undefined },
): number {
  // What has been compressed once hardly gets smaller.
  return mayCompress ? packed : Math.max(packed, unpacked);
}

/** Throws a TwinDbError when there are less than `bytes` left. */
export function requireSpace({ name, free }: Space, bytes: number): void {
  if (free >= bytes) return;
  throw new TwinDbError(
    `not enough space in ${name}: the copy needs ${formatBytes(bytes)}, ${formatBytes(free)} are free`,
    {
      remedy: 'Make room there, or name a folder on another file system with --dst.',
    },
  );
}
