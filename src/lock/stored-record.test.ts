import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStoredRecord } from './stored-record.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'twindb-record-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const MARKS = { newest: { key: 'db1/daily/files/a', started: 100 } };

describe('the record of a destination', () => {
  it('has what was written for this host and destination, and nothing of others', async () => {
    const folders = [join(dir, 'state')];
    await openStoredRecord('/backup', folders).write('db1', MARKS);
    const again = openStoredRecord('/backup', folders);
    expect(await again.read('db1')).toEqual(MARKS);
    expect(await again.read('db2')).toBeUndefined();
    expect(await openStoredRecord('/other', folders).read('db1')).toBeUndefined();
    expect(readdirSync(join(dir, 'state'))).toEqual([again.path('db1').split('/').at(-1)]);
  });

  it('is in the first folder that can have it', async () => {
    writeFileSync(join(dir, 'file'), '');
    const folders = [join(dir, 'file/below'), join(dir, 'second')];
    const record = openStoredRecord('/backup', folders);
    await record.write('db1', MARKS);
    expect(record.path('db1').startsWith(join(dir, 'second/'))).toBe(true);
    expect(await openStoredRecord('/backup', folders).read('db1')).toEqual(MARKS);
    await expect(
      openStoredRecord('/backup', [join(dir, 'file/below')]).write('db1', MARKS),
    ).rejects.toThrow();
  });

  it('says nothing when it is damaged', async () => {
    const record = openStoredRecord('/backup', [dir]);
    for (const text of ['', '{', 'null', '{"newest":{"key":1,"started":2}}']) {
      writeFileSync(record.path('db1'), text);
      expect(await record.read('db1')).toBeUndefined();
    }
  });

  it('goes when it was not written for a year, and nothing else in the folder', async () => {
    const old = openStoredRecord('/old', [dir]);
    await old.write('db1', MARKS);
    const then = Date.now() / 1000 - 367 * 86_400;
    utimesSync(old.path('db1'), then, then);
    writeFileSync(join(dir, 'machine-id'), 'x');
    utimesSync(join(dir, 'machine-id'), then, then);
    await openStoredRecord('/backup', [dir]).write('db1', MARKS);
    expect(await old.read('db1')).toBeUndefined();
    expect(readdirSync(dir)).toContain('machine-id');
    expect(readdirSync(dir)).toHaveLength(2);
  });
});
