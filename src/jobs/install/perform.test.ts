import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Action } from './actions.ts';
import { perform } from './perform.ts';

/** Any account but root. */
const OWNER = 43210;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync('/tmp/twindb-perform-');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const said: string[] = [];
const act = (action: Action) =>
  perform(action, {
    signal: new AbortController().signal,
    log: { info: (message) => void said.push(message) },
    requireStopped: () => Promise.reject(new Error('it runs')),
    start: () => Promise.reject(new Error('it does not start')),
  });

describe.skipIf(process.getuid?.() !== 0)('an action', () => {
  it('gives a folder and all below to an account, and nothing that a link leads to', async () => {
    mkdirSync(join(dir, 'data/shop'), { recursive: true });
    writeFileSync(join(dir, 'other'), '');
    symlinkSync('../other', join(dir, 'data/link'));
    for (let times = 0; times < 2; times++)
      await act({ do: 'chown', path: join(dir, 'data'), owner: `${OWNER}:${OWNER}` });
    await act({ do: 'chmod', path: join(dir, 'data'), mode: 0o2750 });
    expect(statSync(join(dir, 'data')).mode & 0o7777).toBe(0o2750);
    expect([statSync(join(dir, 'data/shop')).uid, statSync(join(dir, 'other')).uid]).toEqual([OWNER, 0]);
  });

  it('makes a folder with its account, and leaves one alone that is there', async () => {
    const folder = join(dir, 'a/b');
    for (let times = 0; times < 2; times++)
      await act({ do: 'make', folder, mode: 0o700, owner: `${OWNER}:${OWNER}` });
    expect([statSync(folder).uid, statSync(folder).mode & 0o777, statSync(join(dir, 'a')).uid]).toEqual([
      OWNER,
      0o700,
      0,
    ]);
  });

  it('moves what begins so, or all but what belongs to the file system', async () => {
    for (const name of ['log.1', 'log.2', 'error.log', 'lost+found']) writeFileSync(join(dir, name), '');
    for (const folder of ['b', 'c']) mkdirSync(join(dir, folder));
    await act({ do: 'move-into', from: dir, to: join(dir, 'b'), prefix: 'log.' });
    expect(readdirSync(join(dir, 'b'))).toEqual(['log.1', 'log.2']);
    await act({ do: 'move-into', from: join(dir, 'b'), to: join(dir, 'c') });
    expect([readdirSync(join(dir, 'b')), readdirSync(join(dir, 'c'))]).toEqual([[], ['log.1', 'log.2']]);
    writeFileSync(join(dir, 'c/lost+found'), '');
    await act({ do: 'move-into', from: join(dir, 'c'), to: join(dir, 'b') });
    expect(readdirSync(join(dir, 'c'))).toEqual(['lost+found']);
  });

  it('has the SELinux labels set by the program for it; one of the test stands in, as there is no SELinux here', async () => {
    const bin = join(dir, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'restorecon'), `#!/bin/sh\necho "$@" >'${dir}/called'\n`, { mode: 0o755 });
    const path = process.env['PATH'];
    process.env['PATH'] = `${bin}:${path}`;
    try {
      await act({ do: 'relabel', path: '/var/lib/mysql' });
    } finally {
      process.env['PATH'] = path;
    }
    expect(readFileSync(join(dir, 'called'), 'utf8')).toBe('-R /var/lib/mysql\n');
  });

  it('says what there is to say, and is in the hands of others as to the server', async () => {
    await act({ do: 'note', text: 'innodb_log_file_size=5' });
    expect(said).toContain('innodb_log_file_size=5');
    await expect(act({ do: 'stop', unit: 'mariadb' })).rejects.toThrow('it runs');
    await expect(act({ do: 'start', unit: 'mariadb' })).rejects.toThrow('it does not start');
  });
});
