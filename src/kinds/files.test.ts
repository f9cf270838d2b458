import { describe, expect, it } from 'vitest';
import { simulatePlace } from '../../test/fixtures/simulated-places.ts';
import type { FileCopy } from '../copies/file-copy.ts';
import { createLog } from '../log.ts';
import type { Decision } from '../retention/plan.ts';
import { withEntry } from '../status/layout.ts';
import { FILES, FILES_STATUS, reviewFiles } from './files.ts';

const copy: FileCopy = {
  key: 'db1/daily/files/_etc-2026-01-01_00_00_00.tar.gz',
  host: 'db1',
  runType: 'daily',
  name: '_etc-2026-01-01_00_00_00.tar.gz',
  sourcePath: '/etc',
  backupStarted: 1,
  backupFinished: 2,
  size: 3,
  sha256: 'ab',
  unpackedSize: 4,
  chain: ['.gz'],
  members: 5,
};
const listed = (attributes: Readonly<Record<string, unknown>>) =>
  FILES.copies(withEntry(FILES_STATUS.empty, 'daily', copy.key, attributes));

const KEEP = { hourly: 2, daily: 2, weekly: 2, monthly: 2, yearly: 2 };

/** The names of the copies that retention removes, with `FILES.plan` for the last one, and without any that was just made. */
async function removedFrom(
  copies: readonly FileCopy[],
): Promise<readonly [planned: string[], reviewed: string[]]> {
  const folder = simulatePlace('remote', { steps: Number.POSITIVE_INFINITY }, 'destination');
  const place = { ...folder, counts: KEEP };
  const status = copies.reduce((before, each) => FILES.enter(before, each), FILES_STATUS.empty);
  const made = copies.at(-1) ?? copy;
  const review = { us: made, host: 'db1', now: made.backupFinished, directories: ['/etc'] };
  const namesOf = (decisions: readonly Decision<FileCopy>[]) =>
    decisions.filter(({ keep }) => !keep).map(({ copy: { name } }) => name);
  return [
    namesOf(
      await FILES.plan(
        status,
        made,
        place,
        createLog('error', () => undefined),
      ),
    ),
    namesOf(reviewFiles(status, review, place)),
  ];
}

const at = (time: number, more: Partial<FileCopy> = {}): FileCopy => {
  const runType = more.runType ?? 'daily';
  const key = `db1/${runType}/files/_etc-${time}`;
  return { ...copy, key, name: `_etc-${time}`, backupStarted: time, backupFinished: time, ...more };
};

describe('the retention of a directory', () => {
  it('leaves a pinned copy besides as many as are to stay, and decides about others as if it were not pinned', async () => {
    const pin = { at: 9, reason: undefined };
    expect(await removedFrom([at(1), at(2), at(3), at(4)])).toEqual([
      ['_etc-2', '_etc-1'],
      ['_etc-2', '_etc-1'],
    ]);
    expect(await removedFrom([at(1, { pin }), at(2), at(3, { pin }), at(4)])).toEqual([
      ['_etc-2'],
      ['_etc-2'],
    ]);
  });

  it('looks at all run types of the directories that are named when none was just made', async () => {
    const hourly = [1, 2, 3].map((time) => at(time, { runType: 'hourly' }));
    const other = [1, 2, 3].map((time) =>
      at(time, { sourcePath: '/home', key: `db1/daily/files/_home-${time}` }),
    );
    const [, reviewed] = await removedFrom([...hourly, ...other, at(4), at(5), at(6)]);
    expect(reviewed).toEqual(['_etc-1', '_etc-4']);
  });
});

describe('an entry of files-status', () => {
  it('gives back the copy it was made from', () => {
    expect(listed(FILES.attributes(copy))).toEqual([copy]);
    const unknownSize = { ...copy, unpackedSize: undefined };
    expect(listed(FILES.attributes(unknownSize))).toEqual([unknownSize]);
  });

  it.each(['host', 'name', 'source_path', 'backup_started', 'backup_finished', 'size', 'sha256'])(
    'without %s is left alone: retention and restore need it',
    (attribute) => {
      const { [attribute]: _, ...rest } = FILES.attributes(copy);
      expect(listed(rest)).toEqual([]);
      expect(listed({ ...rest, [attribute]: null })).toEqual([]);
    },
  );

  it('may lack what only helps', () => {
    const { chain: _chain, unpacked_size: _size, members: _members, ...rest } = FILES.attributes(copy);
    expect(listed(rest)).toEqual([{ ...copy, chain: [], unpackedSize: undefined, members: undefined }]);
  });
});
