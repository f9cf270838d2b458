import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import stringWidth from 'string-width';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ls } from '../../src/commands/ls.ts';
import type { Destination } from '../../src/destinations/destination.ts';
import { createSandbox, destinationSections, type LabKind, type Sandbox } from '../e2e/cli.ts';
import { backUpHere, runJob } from '../fixtures/run-in-process.ts';
import { useLab } from '../lab/lab.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const lab = useLab();
const { recipient, keyring, secretKeyring } = lab.gpg;

let sandbox: Sandbox;
let sources: readonly [string, string];
let places = 0;
beforeEach(() => {
  sandbox = createSandbox();
  sandbox.file('source/one/file', 'content');
  sandbox.file('source/two words/file', 'other');
  sources = [join(sandbox.dir, 'source/one'), join(sandbox.dir, 'source/two words')];
});
afterEach(() => sandbox[Symbol.dispose]());

function configure(kind: LabKind, more: Readonly<Record<string, string>> = {}): void {
  const sections = destinationSections(kind, sandbox, lab);
  places += 1;
  sandbox.configure({
    ...sections,
    ...(kind === 's3' && {
      s3: { ...sections['s3'], prefix: `ls-${process.pid}-${places}/` },
      // That of the lab is made by the first test there, today: these copies are from before.
      integrity: { key_file: join(sandbox.dir, 'integrity.key') },
    }),
    destination: { ...sections['destination'], ...more },
    source: { backup_dirs: sources.map((path) => `"${path}"`).join(' ') },
    gpg: { recipient, keyring, secret_keyring: secretKeyring },
    measures: { log: join(sandbox.dir, 'measures.log') },
  });
}

/** Two days of two hosts. */
async function backUpAll(): Promise<void> {
  for (const host of ['db1', 'db2']) {
    for (const day of [1, 2]) {
      const now = () => new Date(2026, 0, day, 3, 0, 0);
      expect(await backUpHere(sandbox, 'daily', { host, now })).toEqual({ returned: true, complaints: [] });
    }
  }
}

const namesOf = async (...args: string[]) => {
  const { exitCode, stdout, stderr } = await sandbox.run('ls', ...args);
  expect([exitCode, stderr]).toEqual([0, '']);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => /([^/]+)\/daily\/files\/.*(one|two words)-2026-01-0(\d)_/.exec(line)?.slice(1).join(' '));
};

/** What `ls` asks a destination for. */
async function askedBy(options: Parameters<typeof ls>[1]): Promise<string[]> {
  const asked: string[] = [];
  await runJob(sandbox, {}, ({ destination, ...context }) => {
    const watched: Destination = {
      ...destination,
      list(prefix, onClosed) {
        asked.push(`list ${prefix}`);
        return destination.list(prefix, onClosed);
      },
      read(key, readOptions) {
        asked.push(`read ${key}`);
        return destination.read(key, readOptions);
      },
    };
    return ls(undefined, options, {
      ...context,
      destination: watched,
      interactive: false,
      print: () => undefined,
    });
  });
  return asked.toSorted();
}

describe.each(['local', 'ssh', 's3'] as const)('ls on %s', (kind) => {
  it('lists the copies that are asked for, as lines and as JSON, and reads no more than it needs', async () => {
    configure(kind);
    await backUpAll();
    expect(await namesOf('--hostname', 'db2')).toEqual([
      'db2 one 1',
      'db2 one 2',
      'db2 two words 1',
      'db2 two words 2',
    ]);
    expect(await namesOf('--latest')).toEqual([
      'db1 one 2',
      'db2 one 2',
      'db1 two words 2',
      'db2 two words 2',
    ]);
    expect(await namesOf('--latest', '--before', '2026-01-01 12:00', '--hostname', 'db1')).toEqual([
      'db1 one 1',
      'db1 two words 1',
    ]);
    expect(await namesOf('--source', `${sources[1]}/`, '--since', '2026-01-02', '--type', 'files')).toEqual([
      'db1 two words 2',
      'db2 two words 2',
    ]);
    expect(await namesOf('--hostname', 'db')).toEqual([]);
    const { stdout } = await sandbox.run(
      'ls',
      '--json',
      '--latest',
      '--hostname',
      'db1',
      '--source',
      sources[0],
    );
    const { copies } = JSON.parse(stdout) as { copies: readonly Record<string, unknown>[] };
    expect(copies).toMatchObject([{ host: 'db1', listed: true, status: { source_path: sources[0] } }]);

    expect(await askedBy({ hostname: 'db1' })).toEqual([
      'list db1/',
      'read db1/files-status',
      'read db1/files-status.copy',
    ]);
    expect(await askedBy({ hostname: 'db1', source: 'mysql' })).toEqual(['list db1/']);
    expect(await askedBy({ hostname: 'db1', type: 'binlog' })).toEqual(['list db1/binlog/']);
  });
});

describe('ls on a terminal', () => {
  /** Runs a command of a shell on a terminal of this width, made by script(1). */
  const onTerminal = (columns: number, words: string, env: NodeJS.ProcessEnv = {}) => {
    const command = `stty columns ${columns} rows 40; ${process.execPath} ${MAIN} --config ${sandbox.config} ${words}`;
    const { stdout, status } = spawnSync(
      'script',
      ['--quiet', '--return', '--command', command, '/dev/null'],
      {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TERM: 'xterm', ...env },
      },
    );
    return { status, lines: stdout.split('\r\n').slice(0, -1), stdout };
  };

  it.each([40, 80, 200])('of %d columns has lines that fit, and keys that restore takes', async (columns) => {
    configure('local', { keep_local_path: join(sandbox.dir, 'kept') });
    await backUpAll();
    const { status, lines, stdout } = onTerminal(columns, 'ls --hostname db1');
    expect(status).toBe(0);
    // Nothing depends on colours.
    expect(stdout).not.toContain('\x1b');
    expect(lines.filter((line) => /2026-01-0\d 03:00/.test(line))).toHaveLength(4);
    expect(lines.filter((line) => /\byes\b|kept locally/.test(line))).toHaveLength(4);
    expect(lines.some((line) => line.startsWith('BEGUN'))).toBe(columns > 40);
    for (const line of lines) if (!line.includes('/')) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
    const keys = lines.flatMap((line) => /('?)db1\/daily\/files\/.*\.gpg\1/.exec(line)?.[0] ?? []);
    expect(keys).toHaveLength(4);
    // The newest are last.
    expect(keys.map((key) => /-(2026-01-\d\d)/.exec(key)?.[1])).toEqual(
      ['01', '01', '02', '02'].map((day) => `2026-01-${day}`),
    );
    const dst = join(sandbox.dir, 'restored');
    const restore = `${process.execPath} ${MAIN} --config ${sandbox.config} restore file ${keys.at(-1)} --accept-unauthenticated --dst ${dst}`;
    execFileSync('bash', ['-c', restore], { stdio: 'pipe' });
    expect(existsSync(join(dst, sources[1], 'file'))).toBe(true);
  });

  it('says that there is nothing, and whether that is because of what was asked for', async () => {
    configure('local');
    const { stdout: none } = onTerminal(80, 'ls');
    expect(none).toContain('There are no copies on ');
    await backUpAll();
    const { stdout, status } = onTerminal(80, 'ls --hostname db3');
    expect(status).toBe(0);
    expect(stdout).toMatch(/No copy on .* is what was asked for/);
  });
});

it('ls refuses what chooses among copies beside the name of one', async () => {
  configure('local');
  const { exitCode, stderr } = await sandbox.run('ls', 'x', '--latest');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('--latest chooses among copies, and a copy is named');
});
