import { describe, expect, it } from 'vitest';
import type { FileCopy } from '../copies/file-copy.ts';
import { withEntry } from '../status/layout.ts';
import { FILES, FILES_STATUS } from './files.ts';

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
