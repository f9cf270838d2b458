import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { useLab } from '../lab/lab.ts';
import { createSandbox, destinationSections, type Sandbox } from './cli.ts';
import { expectReadable } from './messages.ts';

const lab = useLab();
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

function configure(
  sandbox: Sandbox,
  more: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): void {
  sandbox.configure({
    source: { backup_dirs: join(sandbox.dir, 'data') },
    destination: { backup_destination: 'local' },
    local: { backup_dir: join(sandbox.dir, 'copies') },
    measures: { log: join(sandbox.dir, 'measures.log') },
    ...more,
  });
}

describe.concurrent('habits', () => {
  it('help COMMAND prints what --help of the command does, of those with two words too', async () => {
    using sandbox = createSandbox();
    for (const words of [[], ['ls'], ['restore'], ['restore', 'mysql']]) {
      expect(await sandbox.run('help', ...words)).toEqual(await sandbox.run(...words, '--help'));
    }
    expect(await sandbox.run('help', 'backup', 'daily')).toEqual(await sandbox.run('backup', '--help'));
    for (const words of [
      ['restore', 'backups'],
      ['backup', 'foo'],
      ['backup', 'daily', 'foo'],
      ['ls', 'foo'],
    ]) {
      expect(await sandbox.run('help', ...words)).toMatchObject({
        exitCode: 2,
        stdout: '',
        stderr: `error: unknown command '${words.join(' ')}'\n(see twindb-backup --help)\n`,
      });
    }
  });

  it('-V is --version', async () => {
    using sandbox = createSandbox();
    expect(await sandbox.run('-V')).toEqual(await sandbox.run('--version'));
  });

  it('-v is --debug, before and behind the command; -q is its opposite', async () => {
    using sandbox = createSandbox();
    configure(sandbox, { intervals: { run_daily: 'no' } });
    const debug = await sandbox.run('--debug', 'backup', 'daily');
    expect(debug.stderr).toMatch(/^DEBUG: /);
    expect(await sandbox.run('-v', 'backup', 'daily')).toEqual(debug);
    expect(await sandbox.run('backup', 'daily', '-v')).toEqual(debug);
    expect(await sandbox.run('-q', 'backup', 'daily')).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    expect(await sandbox.run('-q', '-v', 'backup', 'daily')).toMatchObject({ exitCode: 2 });
  });
});

it('directories are backed up by the run types that [source] run_types names', async () => {
  using sandbox = createSandbox();
  sandbox.file('data/file', 'content');
  configure(sandbox, { source: { backup_dirs: join(sandbox.dir, 'data'), run_types: 'daily weekly' } });
  expect(await sandbox.backup('hourly')).toMatchObject({ exitCode: 0, stderr: '' });
  expect((await sandbox.run('ls')).stdout).toBe('');
  expect(await sandbox.backup('weekly')).toMatchObject({ exitCode: 0, stderr: '' });
  expect((await sandbox.run('ls')).stdout).toMatch(/\/weekly\/files\/\S+\n$/);
  // Of a run type that takes none, no copy is missed.
  expect(await sandbox.run('check', '--max-age', '2h')).toMatchObject({ exitCode: 0 });
  configure(sandbox, {
    source: { backup_dirs: join(sandbox.dir, 'data'), run_types: 'weekly' },
    check: { max_age: 'hourly:1h weekly:8d' },
  });
  expect(await sandbox.run('check')).toMatchObject({ exitCode: 0 });
});

describe.concurrent('help', () => {
  it.each([
    [
      [],
      [
        'backup',
        'ls',
        'status',
        'restore',
        '--config',
        '--debug',
        '--version',
        '/etc/twindb/twindb-backup.cfg',
      ],
    ],
    [
      ['backup'],
      [
        '<run-type>',
        '"hourly", "daily", "weekly", "monthly", "yearly"',
        '--lock-file',
        '/var/run/twindb-backup.lock',
        '--binlogs-only',
      ],
    ],
    [['ls'], ['--type', '"files", "mysql", "binlog"', '--long', '--json']],
    [['status'], ['--type', 'default: "mysql"', '--hostname', '--json']],
    [['restore'], ['file [options] [copy]']],
    [
      ['restore', 'file'],
      ['[copy]', '--dst', 'must be empty or absent'],
    ],
  ])('of %j goes to stdout in lines of at most 80, exit 0, and names everything', async (command, names) => {
    using sandbox = createSandbox();
    const result = await sandbox.run(...command, '--help');
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    const { stdout } = result;
    expect(stdout.split('\n')[0]).toMatch(
      new RegExp(`^Usage: ${['twindb-backup', ...command].join(' ')}\\b`),
    );
    for (const name of names) expect(stdout.replace(/\s+/g, ' ')).toContain(name);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    // Each option and command has a text of its own.
    expect(stdout).not.toMatch(/^ {2}\S+$/m);
  });
});

it('--version prints the version of the package and nothing else', async () => {
  using sandbox = createSandbox();
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(await sandbox.run('--version')).toMatchObject({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
});

describe.concurrent('a usage error exits 2, says what is wrong on stderr and touches nothing', () => {
  it.each([
    [[], /^Usage: twindb-backup/],
    [['bakup'], /unknown command 'bakup'\n\(Did you mean backup\?\)/],
    [['backup'], /missing required argument 'run-type'/],
    [['backup', 'dayly'], /'dayly' is invalid .*hourly, daily, weekly, monthly, yearly/],
    [['backup', 'daily', 'weekly'], /too many arguments/],
    [['ls', '--jsn'], /unknown option '--jsn'\n\(Did you mean --json\?\)/],
    [['ls', '--type', 'foo'], /'foo' is invalid\. Allowed choices are files, mysql, binlog/],
    [['status', '--type', 'foo'], /'foo' is invalid\. Allowed choices are files, mysql, binlog/],
    [['restore'], /^Usage: twindb-backup restore/],
    [['restore', 'fiel', 'x'], /unknown command 'fiel'/],
  ])('%j', async (args, says) => {
    using sandbox = createSandbox();
    configure(sandbox);
    const result = await sandbox.run(...args);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expectReadable(result);
    expect(result.stderr).toMatch(says);
    expect(result.stderr).toMatch(/--help/);
  });
});

it('ls into a reader that leaves early neither crashes nor complains', async () => {
  using sandbox = createSandbox();
  configure(sandbox);
  // More than a pipe holds, so that the writer meets the closed end.
  for (let n = 0; n < 2000; n++)
    sandbox.file(`copies/host/daily/files/_a_rather_long_name_of_a_folder_${n}-x.tar.gz`, '');
  const pipe = '"$0" "$1" --config "$2" ls | head -n 1; echo "exit ${PIPESTATUS[0]}" >&2';
  const { stdout, stderr } = spawnSync('bash', ['-c', pipe, process.execPath, MAIN, sandbox.config], {
    encoding: 'utf8',
  });
  expect(stdout.split('\n')).toHaveLength(2);
  expect(stderr).toBe('exit 0\n');
});

it('--debug tells the retention reasons on stderr, and stdout stays empty', async () => {
  using sandbox = createSandbox();
  sandbox.file('data/file', 'x');
  configure(sandbox, { retention: { daily_copies: '1' } });
  await sandbox.backup();
  const { exitCode, stdout, stderr } = await sandbox.backup('daily', '--debug');
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
  expect(stderr.split('\n').filter((line) => line !== '' && !/^(DEBUG|INFO): /.test(line))).toEqual([]);
  expect(stderr).toMatch(/^DEBUG: retention: keep \S+_data-\S+ \(number 1 of 2, newest first, 1 to keep\)$/m);
  expect(stderr).toMatch(
    /^DEBUG: retention: remove \S+_data-\S+ \(number 2 of 2, newest first, 1 to keep\)$/m,
  );
});

it.each(['ssh', 's3'] as const)(
  '--debug never shows a secret, also not of what it does not use (%s)',
  async (kind) => {
    using sandbox = createSandbox();
    sandbox.file('data/file', 'x');
    const secrets = { api_key: 'datadog-api-secret', app_key: 'datadog-app-secret' };
    const sections = destinationSections(kind, sandbox, lab);
    sandbox.configure({
      source: { backup_dirs: join(sandbox.dir, 'data') },
      ...sections,
      export: { transport: 'datadog', ...secrets },
      measures: { log: join(sandbox.dir, 'measures.log') },
    });
    const results = [
      await sandbox.backup('daily', '--debug'),
      await sandbox.run('--debug', 'ls', '--json'),
      await sandbox.run('--debug', 'restore', 'file', 'none'),
    ];
    const privateKey = readFileSync(lab.ssh.key, 'utf8').split('\n')[2] ?? '';
    for (const result of results)
      expectNoSecret(result, [...Object.values(secrets), lab.s3.secretKey, privateKey]);
  },
);

function expectNoSecret({ stdout, stderr }: { stdout: string; stderr: string }, secrets: string[]): void {
  for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
}
