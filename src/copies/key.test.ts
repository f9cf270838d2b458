import { describe, expect, it } from 'vitest';
import { fileCopyKey, parseKey } from './key.ts';

const date = new Date(2026, 0, 31, 9, 5, 7);

describe('the key of a copy of a directory', () => {
  it.each([
    ['/etc', '_etc'],
    ['/etc/ssl', '_etc_ssl'],
    ['/etc/ssl/', '_etc_ssl'],
    ['/srv/my files', '_srv_my files'],
    ['/srv/ü\\n-x', '_srv_ü\\n-x'],
    // The root has no name, and the key is one nonetheless (contract: where things lie).
    ['/', ''],
  ])('%s', (path, sanitized) => {
    const key = fileCopyKey('db1', 'daily', path, date);
    expect(key).toBe(`db1/daily/files/${sanitized}-2026-01-31_09_05_07.tar`);
    expect(parseKey(`${key}.gz`)).toEqual({
      media: 'files',
      host: 'db1',
      runType: 'daily',
      name: `${sanitized}-2026-01-31_09_05_07.tar.gz`,
    });
  });
});

describe('a key is taken apart', () => {
  it('for MySQL and binlogs', () => {
    expect(parseKey('db1/hourly/mysql/mysql-2026-01-31_09_05_07.xbstream.gz')).toEqual({
      media: 'mysql',
      host: 'db1',
      runType: 'hourly',
      name: 'mysql-2026-01-31_09_05_07.xbstream.gz',
    });
    expect(parseKey('db1/binlog/mysql-bin.000001.gz.gpg')).toEqual({
      media: 'binlog',
      host: 'db1',
      runType: undefined,
      name: 'mysql-bin.000001.gz.gpg',
    });
  });

  it.each([
    '',
    'db1',
    'db1/status',
    'db1/files-status.copy',
    'db1/.partial/123-4-ab',
    'db1/daily/files',
    'db1/daily/files/',
    'db1/daily/files/sub/x.tar.gz',
    'db1/daily/binlog/x.gz',
    'db1/minutely/files/x.tar.gz',
    'db1/binlog/',
    'db1/binlog/sub/x.gz',
    '/daily/files/x.tar.gz',
    '/srv/db1/daily/files/x.tar.gz',
  ])('%j is the key of no copy', (key) => {
    expect(parseKey(key)).toBeUndefined();
  });
});
