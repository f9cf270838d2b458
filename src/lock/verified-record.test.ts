import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStoredRecord } from './stored-record.ts';
import { openVerifiedRecord, verifiedSubject } from './verified-record.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'twindb-verified-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const MARK = { key: 'db1/daily/files/a', finished: 100, seconds: 2.5 };

it('a verification is remembered by destination, host and source, beside what was stored', async () => {
  const record = openVerifiedRecord('/backup', [dir]);
  await record.write(verifiedSubject('db1', '/etc'), { success: MARK });
  await openStoredRecord('/backup', [dir]).write(verifiedSubject('db1', '/etc'), {
    newest: { key: 'x', started: 1 },
  });
  await record.write(verifiedSubject('db1', '/srv'), { success: MARK, failure: { ...MARK, finished: 200 } });
  const again = openVerifiedRecord('/backup', [dir]);
  expect(await again.read(verifiedSubject('db1', '/etc'))).toEqual({ success: MARK });
  expect(await again.read(verifiedSubject('db1', '/srv'))).toMatchObject({ failure: { finished: 200 } });
  expect(await again.read(verifiedSubject('db2', '/etc'))).toBeUndefined();
  expect(await openVerifiedRecord('/other', [dir]).read(verifiedSubject('db1', '/etc'))).toBeUndefined();
});

it('a damaged record says nothing', async () => {
  const record = openVerifiedRecord('/backup', [dir]);
  for (const text of ['', '{', 'null', '{}', '{"success":{"key":1}}']) {
    writeFileSync(record.path('x'), text);
    expect(await record.read('x')).toBeUndefined();
  }
});
