import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { encodeEnvelope } from '../../src/status/envelope.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { makeArchive } from '../fixtures/archive.ts';
import { configureLocal } from '../fixtures/backup-run.ts';

// Names on a destination that try to look like a message of the tool's own in a mail, or steer the terminal that shows it.

const EVIL = 'x\nERROR: forged\r\u001b[2J\u2028y';
const DATED = '-2026-01-01_00_00_01.tar.gz';

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = createSandbox();
  configureLocal(sandbox, [join(sandbox.dir, 'data')]);
  sandbox.file('data/file', 'x');
});
afterEach(() => sandbox[Symbol.dispose]());

function plant(key: string, content: string | Buffer): void {
  const file = join(sandbox.dir, 'repository', key);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

/** Runs every command that looks at the destination; none may show the name as lines of their own. */
async function expectHeld(key: string): Promise<void> {
  const location = join(sandbox.dir, 'repository', key);
  const dst = join(sandbox.dir, 'restored');
  const runs: readonly (readonly string[])[] = [
    ['ls'],
    ['ls', '--long'],
    ['check'],
    ['check', '--read'],
    ['check', location],
    ['check', '--adopt', location],
    ['restore', 'file', location, '--dst', dst],
    ['restore', 'file', key, '--dst', dst],
    ['restore', 'file', `${key}-absent`, '--dst', dst],
    ['restore', 'mysql', key, '--dst', dst],
    ['verify', 'mysql', key],
    ['share', location],
    ['status', '--type', 'files'],
  ];
  for (const args of runs) {
    for (const debug of [[], ['--debug']]) {
      const { stdout, stderr } = await sandbox.run(...debug, ...args);
      const said = `${args.join(' ')}: ${stderr}`;
      expect(stderr.match(/^ERROR: forged|^y/m), said).toBeNull();
      // A document in JSON may hold other characters that end a line.
      expect(
        stdout.split('\n').filter((line) => line.startsWith('ERROR')),
        said,
      ).toEqual([]);
      expect(
        Array.from(stderr).filter((letter) => /[\p{Cc}\p{Zl}\p{Zp}]/u.test(letter) && letter !== '\n'),
        said,
      ).toEqual([]);
    }
  }
}

it('the name of a copy is one line in each message', async () => {
  const key = `db1/daily/files/${EVIL}${DATED}`;
  plant(key, gzipSync(makeArchive([{ name: 'file', content: 'x' }])));
  await expectHeld(key);
});

it('the name of a damaged copy is, and so are names in its archive', async () => {
  const key = `db1/daily/files/${EVIL}${DATED}`;
  plant(key, gzipSync(makeArchive([{ name: EVIL, type: 'hardLink', target: `absent ${EVIL}` }])));
  await expectHeld(key);
});

it('the name of a host is, whose status is damaged', async () => {
  const host = EVIL.replaceAll('/', '');
  const key = `${host}/daily/files/_etc${DATED}`;
  plant(key, 'no gzip');
  plant(`${host}/files-status`, 'junk');
  await expectHeld(key);
});

it('what a status says of a copy is', async () => {
  const key = `db1/daily/files/_etc${DATED}`;
  const attributes = {
    host: EVIL,
    name: EVIL,
    source_path: `/${EVIL}`,
    run_type: EVIL,
    backup_started: 9_999_999_999,
    backup_finished: 9_999_999_999,
    size: 7,
    sha256: EVIL,
    chain: [EVIL],
  };
  plant(key, 'no gzip');
  plant('db1/files-status', encodeEnvelope({ daily: { [key]: attributes, [EVIL]: attributes } }));
  plant('db1/status', encodeEnvelope({ daily: { [`db1/daily/mysql/${EVIL}`]: { parent: EVIL } } }));
  await expectHeld(key);
});
