import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { START_PLAIN } from '../../src/jobs/clone/service-manager.ts';

// The source of a clone says where its socket is; the other host, as root, makes the folder for it.

let dir: string;
let fresh: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'socket-'));
  fresh = `/run/twindb-test-${process.pid}`;
});
afterEach(() => {
  rmSync(dir, { recursive: true });
  rmSync(fresh, { recursive: true, force: true });
});

/** What stands for the server does nothing. */
const start = (folder: string) =>
  execFileSync('sh', ['-c', START_PLAIN, 'twindb-backup', join(dir, 'log'), folder, 'true']);
const owner = (path: string) => execFileSync('stat', ['-c', '%U', path]).toString().trim();

describe.skipIf(process.getuid?.() !== 0)('the folder of the socket', () => {
  it('is given to the server when a reboot has removed it', () => {
    start(fresh);
    expect(owner(fresh)).toBe('mysql');
  });

  it('stays whose it is when it is there', () => {
    const { uid, mode } = statSync(dir);
    start(dir);
    expect(statSync(dir)).toMatchObject({ uid, mode });
  });

  it.each(['made', 'a/b'])('is not made elsewhere: %s', (name) => {
    start(join(dir, name));
    expect(existsSync(join(dir, name))).toBe(false);
  });

  it.each(['/made', '/made/more', '/../made', '/deep/../../made'])(
    'is no other folder below /run: %s',
    (more) => {
      // Only names of this test's own, also when the script is wrong.
      const [outer, folder] = [`${fresh}/of-nobody`, `${fresh}/of-nobody${more}`];
      start(folder);
      expect(existsSync(outer)).toBe(false);
      expect(existsSync(fresh)).toBe(false);
    },
  );
});
