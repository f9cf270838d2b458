import type { StatsFs } from 'node:fs';

/** Bytes that a file system has left for this user: ext4 reserves a part for root. */
export function freeBytes({ bavail, bfree, bsize }: Pick<StatsFs, 'bavail' | 'bfree' | 'bsize'>): number {
  return (process.geteuid?.() === 0 ? bfree : bavail) * bsize;
}
