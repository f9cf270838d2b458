import { describe, expect, it } from 'vitest';
import { readTotal, TarRemarks } from './tar-remarks.ts';

const TOTALS = 'Total bytes written: 10240 (10KiB, 12MiB/s)';

function judge(lines: readonly string[], exitCode = 1) {
  const remarks = new TarRemarks();
  for (const line of lines) remarks.take(line);
  const end = { exitCode, signal: null, stderr: lines };
  const { changes, leftOut } = remarks;
  return { isAllowed: remarks.allow(end), total: readTotal(end), changes, leftOut };
}

describe('exit code 1 of tar', () => {
  it.each([
    'tar: /srv/a: file changed as we read it',
    'tar: /srv/a\\nb: File removed before we read it',
    '/usr/bin/tar: /srv/a: File shrank by 1 byte; padding with zeros',
    'tar: /srv/a: File shrank by 4096 bytes; padding with zeros',
    'gtar: /srv/m: Warning: Cannot open: Permission denied',
    "tar: Removing leading `/' from member names",
    '/srv/Total bytes written: 1',
  ])('is allowed with its totals and after %j', (line) => {
    expect(judge([line, TOTALS])).toMatchObject({ isAllowed: true, total: 10_240 });
    expect(judge([line])).toMatchObject({ isAllowed: false, total: undefined });
  });

  it.each([
    "tar: unrecognized option '--acls'",
    'tar: Child returned status 1',
    'tar: /srv/a: Cannot open: Permission denied',
    'tar: Error is not recoverable: exiting now',
  ])('is not after %j', (line) => {
    expect(judge([line, TOTALS]).isAllowed).toBe(false);
  });

  it('is the only other one that is', () => {
    expect(judge([TOTALS], 2).isAllowed).toBe(false);
  });
});

describe('remarks of tar', () => {
  it('are told from the names that --verbose prints, and from what it says each time', () => {
    const lines = ["tar: Removing leading `/' from member names", '/srv/Cannot', TOTALS];
    expect(judge(lines, 0)).toMatchObject({ changes: [], leftOut: [] });
  });

  it('of what is left out are kept apart, and not without end', () => {
    const line = 'tar: /srv/m: Warning: Cannot open: Permission denied';
    const { changes, leftOut } = judge(Array.from({ length: 1000 }, () => line));
    expect(changes).toEqual([]);
    expect(leftOut).toEqual(Array.from({ length: 20 }, () => line));
  });
});
