import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { makeArchive } from '../fixtures/archive.ts';
import { canActAsNobody, NOBODY, startAsNobody } from '../fixtures/as-nobody.ts';
import { configureLocal } from '../fixtures/backup-run.ts';

// A local user who exchanges folders for links while root restores into a place that this user may write to.

const KEY = 'db1/daily/files/_srv-2026-01-01_00_00_01.tar.gz';
const FOLDERS = Array.from({ length: 400 }, (_, n) => `d${n}`);

let sandbox: Sandbox;
let dst: string;
let victim: string;
beforeEach(() => {
  sandbox = createSandbox();
  configureLocal(sandbox, []);
  chmodSync(sandbox.dir, 0o755);
  dst = join(sandbox.dir, 'restored');
  victim = join(sandbox.dir, 'victim');
  mkdirSync(join(victim, 'folder'), { recursive: true, mode: 0o755 });
  for (const name of ['a', 'b', 'folder/c']) writeFileSync(join(victim, name), 'precious');
});
afterEach(() => sandbox[Symbol.dispose]());

/** An archive of folders that belong to nobody, in one that does too. */
const archive = makeArchive([
  { name: 'srv/', type: 'folder', mode: 0o777, uid: NOBODY },
  ...FOLDERS.flatMap((name) => [
    { name: `srv/${name}/`, type: 'folder', mode: 0o777, uid: NOBODY } as const,
    { name: `srv/${name}/file`, content: 'x', uid: NOBODY },
  ]),
  // Until tar gets here, the folders are its own.
  { name: 'more', content: 'x'.repeat(16 << 20) },
]);

async function restore(copy: Buffer) {
  const file = join(sandbox.dir, 'repository', KEY);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, gzipSync(copy, { level: 0 }));
  const result = await sandbox.run('restore', 'file', KEY, '--dst', dst);
  expect(readdirSync(victim, { recursive: true }).map(String).toSorted()).toEqual([
    'a',
    'b',
    'folder',
    'folder/c',
  ]);
  expect(statSync(victim).mode & 0o777).toBe(0o755);
  return result;
}

describe.skipIf(!canActAsNobody)('folders that are exchanged for links', () => {
  it('below one that is being restored lead the clean-up nowhere', async () => {
    await using _swapper = await startAsNobody(
      // What has been listed and not yet been removed is exchanged: all are there, then one is missing.
      `const [srv, victim, count] = args;
       const list = () => { try { return fs.readdirSync(srv); } catch { return []; } };
       while (list().length < Number(count)) {}
       let folders = list();
       while (folders.length === Number(count)) folders = list();
       for (const name of folders.toReversed()) try {
         fs.renameSync(srv + '/' + name, srv + '/' + name + '.away');
         fs.symlinkSync(victim, srv + '/' + name);
       } catch {}
       setInterval(() => undefined, 1000);`,
      join(dst, 'srv'),
      victim,
      String(FOLDERS.length),
    );
    // Cut short: everything is unpacked, and then it is found to be damaged.
    const { exitCode, stderr } = await restore(archive.subarray(0, -1024));
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining('its end is missing'),
    });
    expect(readdirSync(dst)).toEqual([]);
  });

  it.each([
    ['complete', archive],
    ['damaged', archive.subarray(0, -1024)],
  ])('in the place of the folder of a restore, whose copy is %s, lead it nowhere', async (_, copy) => {
    mkdirSync(dst);
    chownSync(dst, NOBODY, NOBODY);
    await using swapper = await startAsNobody(
      `const [claim, victim] = args;
       let told = false;
       for (;;) try {
         fs.renameSync(claim, claim + '.away');
         fs.symlinkSync(victim, claim);
         if (!told) console.log('swapped');
         told = true;
       } catch {}`,
      join(dst, '.twindb-restore'),
      victim,
    );
    await restore(copy);
    expect(swapper.said()).toContain('swapped');
  });
});
