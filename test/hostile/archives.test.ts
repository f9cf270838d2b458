import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { makeArchive, paxHeader } from '../fixtures/archive.ts';
import { configureLocal } from '../fixtures/backup-run.ts';

// Archives that try to write, replace or remove something outside the folder of a restore. GNU tar holds all of them.

let sandbox: Sandbox;
let dst: string;
let outside: string;
beforeEach(() => {
  sandbox = createSandbox();
  configureLocal(sandbox, []);
  dst = join(sandbox.dir, 'restored');
  outside = join(sandbox.dir, 'outside');
  mkdirSync(join(outside, 'folder'), { recursive: true, mode: 0o755 });
  writeFileSync(join(outside, 'canary'), 'untouched', { mode: 0o644 });
});
afterEach(() => sandbox[Symbol.dispose]());

const KEY = 'db1/daily/files/_srv-2026-01-01_00_00_01.tar.gz';

/** Everything about everything outside. */
const look = () =>
  execFileSync('find', [outside, '-printf', '%p %y %m %u %T@ %s\\n'], { encoding: 'utf8' }) +
  readFileSync(join(outside, 'canary'), 'utf8');

async function restore(archive: Buffer, ...paths: string[]) {
  const file = join(sandbox.dir, 'repository', KEY);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, gzipSync(archive));
  const before = look();
  const { exitCode, stderr } = await sandbox.run('restore', 'file', KEY, ...paths, '--dst', dst);
  expect(look()).toBe(before);
  expect(existsSync('/twindb-evil')).toBe(false);
  // A restore that fails leaves nothing, and none may end by a crash of ours.
  expect(stderr).not.toMatch(/\bat .*\.(js|ts):\d+/);
  if (exitCode !== 0) expect(readdirSync(dst)).toEqual([]);
  return { exitCode, stderr };
}

/** From DST/.twindb-restore/files, where an archive is unpacked; the folder of the tests is the parent of DST and of it. */
const UP = '../../../outside';
const ATTEMPTS: Readonly<Record<string, () => Parameters<typeof makeArchive>[0]>> = {
  'an absolute name': () => [{ name: '/twindb-evil', content: 'evil' }],
  'an absolute name of a file that is there': () => [{ name: join(outside, 'canary'), content: 'evil' }],
  'a name that goes up': () => [{ name: `${UP}/canary`, content: 'evil' }],
  'a name that goes down and up': () => [{ name: `srv/../${UP}/canary`, content: 'evil' }],
  'a link to outside, and a file behind it': () => [
    { name: 'srv', type: 'link', target: outside },
    { name: 'srv/canary', content: 'evil' },
  ],
  'a relative link to outside, and a file behind it': () => [
    { name: 'srv/', type: 'folder', mode: 0o755 },
    { name: 'srv/out', type: 'link', target: `../${UP}` },
    { name: 'srv/out/canary', content: 'evil' },
  ],
  'a chain of links': () => [
    { name: 'a', type: 'link', target: '.' },
    { name: 'a/b', type: 'link', target: '../../..' },
    { name: 'a/b/outside/canary', content: 'evil' },
  ],
  'a folder that becomes a link': () => [
    { name: 'srv/', type: 'folder', mode: 0o755 },
    { name: 'srv/x', content: 'x' },
    { name: 'srv', type: 'link', target: outside },
    { name: 'srv/canary', content: 'evil' },
  ],
  'a link in the place of which a file is written': () => [
    { name: 'canary', type: 'link', target: join(outside, 'canary') },
    { name: 'canary', content: 'evil' },
  ],
  'a hard link to a file outside, which is then written': () => [
    { name: 'canary', type: 'hardLink', target: join(outside, 'canary') },
    { name: 'canary', content: 'evil' },
  ],
  'a hard link that goes up': () => [
    { name: 'canary', type: 'hardLink', target: `${UP}/canary` },
    { name: 'canary', content: 'evil', mode: 0o777 },
  ],
  'a link to a folder outside whose mode is then set': () => [
    { name: 'folder', type: 'link', target: join(outside, 'folder') },
    { name: 'folder/', type: 'folder', mode: 0o777, uid: 65_534 },
  ],
  'a pax header that renames to outside': () => [
    paxHeader({ path: join(outside, 'canary') }),
    { name: 'x', content: 'evil' },
  ],
  'a pax header that links to outside': () => [
    paxHeader({ linkpath: outside }),
    { name: 'srv', type: 'link', target: 'x' },
    { name: 'srv/canary', content: 'evil' },
  ],
  'a long name that goes up': () => [
    {
      name: '././@LongLink',
      type: 'longName',
      content: `${'x/'.repeat(60)}${'../'.repeat(60)}${UP}/canary\0`,
    },
    { name: 'x', content: 'evil' },
  ],
};

describe.each(Object.entries(ATTEMPTS))('an archive with %s', (_, members) => {
  it('changes nothing outside', async () => {
    await restore(makeArchive(members()));
  });
});

describe('an archive', () => {
  it('with a sparse file of a size that no disk has fills none', async () => {
    // Offset and bytes of the one part that it has, and its size: 8 EiB, in GNU tar's numbers of base 256.
    const gnu = Buffer.alloc(109);
    gnu.write('00000000000\0'.repeat(2), 0);
    Buffer.from('800000007fffffffffffffff', 'hex').copy(gnu, 97);
    await restore(makeArchive([{ name: 'sparse', type: 'sparse', gnu }]));
    const kilobytes = Number(
      execFileSync('du', ['--summarize', '--block-size=1K', dst]).toString().split('\t')[0],
    );
    expect(kilobytes).toBeLessThan(1000);
  });

  it('with names that steer a terminal shows none of that', async () => {
    const { exitCode, stderr } = await restore(
      makeArchive([{ name: '\u001b]0;evil\u0007', type: 'hardLink', target: 'absent\u001b[2J' }]),
    );
    expect(exitCode).toBe(1);
    expect(stderr.split('').filter((letter) => letter < ' ' && letter !== '\n')).toEqual([]);
  });

  it('that is cut short between two members is refused although tar is content', async () => {
    const archive = makeArchive([{ name: 'one', content: 'x' }]);
    const { exitCode, stderr } = await restore(archive.subarray(0, 1024));
    expect([exitCode, stderr.includes('its end is missing')]).toEqual([1, true]);
  });
});

it('does not read for ever what has a hard link to several files', async () => {
  const { exitCode, stderr } = await restore(
    makeArchive([
      { name: 'srv/b', content: 'b' },
      { name: 'srv/c', content: 'c' },
      { name: 'srv/a', type: 'hardLink', target: 'srv/b' },
      { name: 'srv/a', type: 'hardLink', target: 'srv/c' },
    ]),
    '/srv/a',
  );
  expect([exitCode, stderr]).toEqual([
    1,
    expect.stringContaining('/srv/a is a hard link to more than one file\nRestore it without paths.'),
  ]);
});
