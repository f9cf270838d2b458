import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import type { MarkedCopy } from '../catalogue/mark-listed.ts';
import { parseKey } from '../copies/key.ts';
import type { Destination } from '../destinations/destination.ts';
import { copiesTable } from './copies-table.ts';

const NOW = Date.parse('2026-02-01T12:00:00') / 1000;
const DAY = 86_400;

function copy(key: string, more: Partial<MarkedCopy> & { readonly daysAgo?: number } = {}): MarkedCopy {
  const { daysAgo = 1, ...rest } = more;
  const parsed = parseKey(key);
  if (parsed === undefined) throw new Error(`${key} is no key`);
  const started = NOW - daysAgo * DAY;
  return {
    place: 'destination',
    // Nothing of it is asked for.
    destination: {} as Destination,
    object: { key, size: 693_150, modified: new Date(started * 1000) },
    parsed,
    location: `s3://backups/${key}`,
    listed: true,
    attributes: {},
    times: { started, finished: started + 60 },
    ...rest,
  };
}

const ETC = 'db1/daily/files/_etc-2026-01-31_12_00_00.tar.gz';
const FULL = 'db1/daily/mysql/mysql-2026-01-30_12_00_00.xbstream.gz';
const CHILD = 'db1/hourly/mysql/mysql-2026-02-01_11_00_00.xbstream.gz';
const copies = [
  copy(ETC),
  copy(FULL, { daysAgo: 2, attributes: { type: 'full' } }),
  copy(CHILD, { daysAgo: 1 / 24, attributes: { type: 'incremental', parent: FULL, lsn: 42 } }),
];
const options = { long: false, hasLocal: false, isComplete: true, now: NOW };
const table = (some: readonly MarkedCopy[], more: object = {}) => copiesTable(some, { ...options, ...more });

describe('the table of copies', () => {
  it('has titles, local time, age and sizes for people, and the newest copy last', () => {
    expect(table(copies, { width: 200 })).toEqual([
      'BEGUN             AGE       SIZE  TYPE         COPY',
      `2026-01-30 12:00   2d  676.9 KiB  full         ${FULL}`,
      `2026-01-31 12:00  24h  676.9 KiB  files        ${ETC}`,
      `2026-02-01 11:00  60m  676.9 KiB  incremental  ${CHILD}  <- ${FULL}`,
    ]);
  });

  it('gives keys lines of their own where they do not fit beside the rest', () => {
    expect(table(copies, { width: 80 })).toEqual([
      'BEGUN             AGE       SIZE  TYPE',
      '  COPY',
      '2026-01-30 12:00   2d  676.9 KiB  full',
      `  ${FULL}`,
      '2026-01-31 12:00  24h  676.9 KiB  files',
      `  ${ETC}`,
      '2026-02-01 11:00  60m  676.9 KiB  incremental',
      `  ${CHILD}`,
      `    <- ${FULL}`,
    ]);
  });

  it('has no titles where not even the rest fits', () => {
    expect(table(copies.slice(2), { width: 40, hasLocal: true })).toEqual([
      '2026-02-01 11:00  60m ago  676.9 KiB',
      '  incremental',
      `  ${CHILD}`,
      `    <- ${FULL}`,
    ]);
  });

  it('keeps to any width with all but keys, which are never broken', () => {
    const local = copy(ETC, { place: 'local' });
    for (let width = 20; width <= 200; width += 1) {
      for (const long of [false, true]) {
        const lines = table([local, ...copies], { width, long, hasLocal: true });
        for (const key of [ETC, FULL, CHILD])
          expect(lines.filter((line) => line.includes(key))).not.toEqual([]);
        for (const line of lines)
          if (!line.includes('/')) expect(stringWidth(line)).toBeLessThanOrEqual(width);
      }
    }
  });

  it('shows a copy that is in both places once', () => {
    const encrypted = `${ETC}.gpg`;
    const some = [
      copy(ETC, { place: 'local' }),
      copy(encrypted),
      copy(FULL),
      copy(CHILD, { place: 'local' }),
    ];
    const lines = table(some, { width: 200, hasLocal: true }).map((line) => line.slice(34));
    expect(lines).toEqual([
      'TYPE   LOCAL  COPY',
      `files  yes    ${encrypted}`,
      `mysql  no     ${FULL}`,
      `mysql  only   ${CHILD}`,
    ]);
    // What is not known is not said.
    const unknown = table(some.slice(3), { width: 200, hasLocal: true, isComplete: false });
    expect(unknown[1]).toContain('  yes    ');
  });

  it('writes keys as a shell takes them, and what no status lists as such', () => {
    const lines = table(
      [
        copy("db 1/daily/files/_it's $(x)-2026-01-31_12_00_00.tar.gz", { listed: false }),
        copy('db1/daily/files/_new\nline\x1b[2J-2026-01-31_12_00_00.tar.gz'),
        copy('--dst=x/daily/files/_etc-2026-01-31_12_00_00.tar.gz'),
      ],
      { width: 200 },
    );
    expect(lines.slice(1).map((line) => line.slice(41))).toEqual([
      's3://backups/--dst=x/daily/files/_etc-2026-01-31_12_00_00.tar.gz',
      `'db 1/daily/files/_it'"'"'s $(x)-2026-01-31_12_00_00.tar.gz'  (not in the status)`,
      String.raw`$'db1/daily/files/_new\nline\u001b[2J-2026-01-31_12_00_00.tar.gz'`,
    ]);
  });

  it('shows duration and LSN where they are asked for, and what is dated in the future', () => {
    const attributes = { type: 'full', lsn: 99, backup_started: 1_000_000, backup_finished: 1_000_125 };
    const [titles, line] = table([copy(FULL, { attributes, daysAgo: -1 })], { width: 200, long: true });
    expect(titles).toContain('DURATION  LSN');
    expect(line).toContain('  future  676.9 KiB  full      2:05   99  ');
  });
});
