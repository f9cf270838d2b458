import { describe, expect, it } from 'vitest';
import { FILES_STATUS } from '../../kinds/files.ts';
import type { Status } from '../../status/entries.ts';
import { withEntry } from '../../status/layout.ts';
import type { CopyPlace, CopyPlaces } from '../record/record-copy.ts';
import { takenKeys, unusedStart } from './unused-start.ts';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));
const keyAt = (start: Date) => `db1/daily/files/_etc-${start.getUTCSeconds()}`;

function place(keys: readonly string[], deletions: readonly string[]): CopyPlace {
  const status = keys.reduce<Status>(
    (before, key) => withEntry(before, 'daily', key, {}),
    FILES_STATUS.empty,
  );
  return { status: { read: async () => ({ status, deletions }) } } as unknown as CopyPlace;
}

async function startIn(places: CopyPlaces): Promise<number> {
  return unusedStart(await takenKeys(places), keyAt, at(1)).getUTCSeconds();
}

describe('the start time of a new copy', () => {
  const free: CopyPlaces = { destination: place([], []), local: undefined };

  it('is now, when no copy has that name', async () => {
    expect(await startIn(free)).toBe(1);
  });

  it('passes over the names of listed copies, and of copies whose deletion is pending, in both places', async () => {
    const destination = place([`${keyAt(at(1))}.tar.gz.gpg`], [`${keyAt(at(2))}.tar.gz.gpg`]);
    const local = place([`${keyAt(at(3))}.tar.gz`], [`${keyAt(at(4))}.tar.gz`]);
    expect(await startIn({ destination, local })).toBe(5);
  });

  it('is found although the local status is damaged, and not without the one of the destination', async () => {
    const damaged = {
      status: { read: () => Promise.reject(new Error('damaged')) },
    } as unknown as CopyPlace;
    expect(await startIn({ ...free, local: damaged })).toBe(1);
    await expect(startIn({ destination: damaged, local: undefined })).rejects.toThrow('damaged');
  });
});
