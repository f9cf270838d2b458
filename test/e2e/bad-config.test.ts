import { chownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createSandbox, type Sandbox } from './cli.ts';
import { filesBelow } from './leftovers.ts';
import { expectOneMessage, expectReadable } from './messages.ts';

/** A configuration that works, with sections of the test's choice. */
function configure(sandbox: Sandbox, more: Readonly<Record<string, Readonly<Record<string, string>>>> = {}) {
  sandbox.file('data/file', 'hello\n');
  sandbox.configure({
    source: { backup_dirs: join(sandbox.dir, 'data') },
    destination: { backup_destination: 'local' },
    local: { backup_dir: join(sandbox.dir, 'copies') },
    measures: { log: join(sandbox.dir, 'measures.log') },
    ...more,
  });
}

it.each([
  [
    'that is absent',
    (sandbox: Sandbox) => join(sandbox.dir, 'none.cfg'),
    /no such file or directory$/,
    /^Create it/,
  ],
  [
    'that is a folder',
    (sandbox: Sandbox) => sandbox.dir,
    /illegal operation on a directory$/,
    /^Name a readable/,
  ],
])(
  'a configuration file %s: exit 78, and every command says which',
  async (_case, pathIn, reason, remedy) => {
    using sandbox = createSandbox();
    const path = pathIn(sandbox);
    const commands = [['backup', 'daily'], ['ls'], ['status', '--type', 'files'], ['restore', 'file', 'x']];
    const results = await Promise.all(commands.map((args) => sandbox.run('--config', path, ...args)));
    for (const result of results) {
      expectOneMessage(result, { exitCode: 78, says: /^Cannot read the configuration file \//, remedy });
      expect(result.stderr).toContain(path);
      expect(result.stderr.split('\n')[0]).toMatch(reason);
    }
  },
);

it.skipIf(process.getuid?.() !== 0)(
  'a configuration file of another user: exit 78 and who should run it',
  async () => {
    using sandbox = createSandbox();
    configure(sandbox);
    chownSync(sandbox.config, 65_534, 65_534);
    const result = await sandbox.runBound('ls');
    expectOneMessage(result, {
      exitCode: 78,
      says: /^Cannot read the configuration file .*twindb-backup\.cfg: permission denied$/,
      remedy: /^Run the command as root/,
    });
  },
);

it.each([
  [
    'destination',
    { destination: { backup_destination: 'ftp' } },
    /\[destination\] backup_destination must be ssh, .* or local, got "ftp"/,
  ],
  [
    'destination not supported yet',
    { destination: { backup_destination: 'az' } },
    /\[destination\] backup_destination az is not supported yet/,
  ],
  [
    'compressor',
    { compression: { program: 'rar' } },
    /\[compression\] program must be gzip, pigz, bzip2, lbzip2 or zstd, got "rar"/,
  ],
  [
    'count',
    { retention: { daily_copies: 'seven' } },
    /\[retention\] daily_copies must be a whole number, got "seven"/,
  ],
  [
    'local count',
    { retention_local: { weekly_copies: '-1' } },
    /\[retention_local\] weekly_copies must be a whole number/,
  ],
  [
    'interval',
    { intervals: { run_daily: 'maybe' } },
    /\[intervals\] run_daily must be yes or no, got "maybe"/,
  ],
  ['bucket', { destination: { backup_destination: 's3' }, s3: {} }, /\[s3\] BUCKET is missing/],
  ['recipient', { gpg: { keyring: '/x' } }, /\[gpg\] recipient is missing/],
] as const)(
  'a wrong %s: exit 78 naming file, section and option, and nothing is stored',
  async (_case, sections, says) => {
    using sandbox = createSandbox();
    configure(sandbox, sections);
    const result = await sandbox.backup();
    expectOneMessage(result, { exitCode: 78, says });
    expect(result.stderr).toContain(sandbox.config);
    expect(readdirSync(sandbox.dir)).not.toContain('copies');
  },
);

it('unknown sections and options are warnings with a suggestion, and the backup is made', async () => {
  using sandbox = createSandbox();
  configure(sandbox, { retentoin: { daily_copies: '3' }, retention: { dialy_copies: '3' } });
  const result = await sandbox.backup();
  expect(result.exitCode).toBe(0);
  expectReadable(result);
  expect(result.stderr.replaceAll(sandbox.config, 'FILE')).toBe(
    'WARNING: FILE: [retentoin] is not a section and is ignored; did you mean [retention]?\n' +
      'WARNING: FILE: [retention] dialy_copies is not an option and is ignored; did you mean daily_copies?\n',
  );
  expect(filesBelow(join(sandbox.dir, 'copies'))).toHaveLength(3);
});

it('run_daily=no: a daily run does nothing in silence, and --debug says why', async () => {
  using sandbox = createSandbox();
  configure(sandbox, { intervals: { run_daily: 'no' } });
  const [silent, debug] = await Promise.all([sandbox.backup(), sandbox.backup('daily', '--debug')]);
  expect(silent).toEqual({ exitCode: 0, signal: null, stdout: '', stderr: '' });
  expect(debug).toMatchObject({
    exitCode: 0,
    stdout: '',
    stderr: expect.stringContaining('run_daily is off'),
  });
  expect(readdirSync(sandbox.dir)).not.toContain('copies');
});
