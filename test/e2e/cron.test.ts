import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configureLocal, SILENT } from '../fixtures/backup-run.ts';
import { createSandbox, type Result, type Sandbox } from './cli.ts';
import { expectOneMessage } from './messages.ts';

const CRON_FILE = fileURLToPath(new URL('../../cron.d/twindb-backup', import.meta.url));
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const RUN_AS_CRON = fileURLToPath(new URL('../fixtures/run-as-cron.sh', import.meta.url));
const RUN_TYPES = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'];
const run = promisify(execFile);

/** An entry of a file in cron.d: when, as whom, what. */
const ENTRY = /^(@\S+)\s+(\S+)\s+(.+)$/;
const lines = readFileSync(CRON_FILE, 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));
const entries = lines.flatMap((line) => {
  const [, when, user, command = ''] = ENTRY.exec(line) ?? [];
  return when === undefined ? [] : [{ when, user, command }];
});
const variables = lines.filter((line) => !ENTRY.test(line));
const commands = entries.map(({ command }) => command);

describe('the cron file', () => {
  it('has the five entries of the document, as root, a MAILTO and a PATH that finds the command', () => {
    expect(entries).toEqual(
      RUN_TYPES.map((runType) => ({
        when: `@${runType}`,
        user: 'root',
        command: `twindb-backup backup ${runType}`,
      })),
    );
    expect(variables).toContain('MAILTO=root');
    const path = variables.find((line) => line.startsWith('PATH='))?.slice('PATH='.length);
    // Packages install to the one, `make install` to the other.
    expect(path?.split(':')).toEqual(expect.arrayContaining(['/usr/bin', '/usr/local/bin', '/bin']));
  });

  it('ends in a newline, without which cron ignores the last entry', () => {
    expect(readFileSync(CRON_FILE, 'utf8')).toMatch(/[^\n]\n$/);
  });
});

// Mounts: the configuration and the lock have to lie where the entries expect them.
describe.skipIf(process.getuid?.() !== 0)('the entries of the cron file, run as cron does', () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = createSandbox();
    sandbox.file('cron.env', `${variables.join('\n')}\n`);
    mkdirSync(join(sandbox.dir, 'bin'));
    // As an installation has it.
    symlinkSync(MAIN, join(sandbox.dir, 'bin/twindb-backup'));
    symlinkSync(process.execPath, join(sandbox.dir, 'bin/node'));
    sandbox.file('data/file', 'hello\n');
    configureLocal(sandbox, [join(sandbox.dir, 'data')]);
    sandbox.file('etc/twindb/twindb-backup.cfg', readFileSync(sandbox.config));
  });
  afterEach(() => sandbox[Symbol.dispose]());

  /** Starts these commands in the same second and waits for all. */
  const runTogether = async (...wanted: string[]): Promise<Result[]> => {
    await run('unshare', ['--mount', 'sh', RUN_AS_CRON, sandbox.dir, ...wanted]);
    const read = (name: string) => readFileSync(join(sandbox.dir, name), 'utf8');
    return wanted.map((_, index) => ({
      exitCode: Number(read(`${index}.code`)),
      signal: null,
      stdout: read(`${index}.stdout`),
      stderr: read(`${index}.stderr`),
    }));
  };

  it('wait for each other when all five start in one second, each takes its copy, none says a word', {
    timeout: 180_000,
  }, async () => {
    expect(await runTogether(...commands)).toEqual(commands.map(() => SILENT));
    for (const runType of RUN_TYPES) {
      const folder = join(sandbox.dir, 'repository', hostname(), runType, 'files');
      expect(readdirSync(folder), runType).toHaveLength(1);
    }
    const { measures } = JSON.parse(readFileSync(join(sandbox.dir, 'measures.log'), 'utf8')) as {
      measures: { start: number; finish: number }[];
    };
    expect(measures).toHaveLength(5);
    const inOrder = measures.toSorted((a, b) => a.start - b.start);
    for (const [index, { finish }] of inOrder.entries()) {
      expect(inOrder[index + 1]?.start ?? finish).toBeGreaterThanOrEqual(finish);
    }
  });

  it('mail one readable message when a directory is gone, and the reason', async () => {
    rmSync(join(sandbox.dir, 'data'), { recursive: true });
    for (const result of await runTogether(commands[1] ?? '')) {
      expectOneMessage(result, {
        exitCode: 1,
        says: /^Cannot back up \S+\/data: it does not exist/,
        remedy: /backup_dirs/,
      });
    }
  });

  it('mail one readable message when there is no configuration', async () => {
    rmSync(join(sandbox.dir, 'etc/twindb/twindb-backup.cfg'));
    for (const result of await runTogether(commands[0] ?? '')) {
      expectOneMessage(result, { exitCode: 78, says: /\/etc\/twindb\/twindb-backup\.cfg/ });
    }
  });
});
