import { execFile } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSandbox } from './cli.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** A make that began these tests must not hand its own flags on. */
const CLEAN = { PATH: process.env['PATH'], HOME: process.env['HOME'] };

async function make(...args: string[]): Promise<string> {
  return (await run('make', args, { cwd: ROOT, env: CLEAN, maxBuffer: 1e8 })).stdout;
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

it('`make help` lists every target that somebody may call, and `make` alone does the same', async () => {
  const targets = readText(join(ROOT, 'Makefile'))
    .split('\n')
    .flatMap((line) => /^([a-z][a-z-]*):/.exec(line)?.[1] ?? [])
    // What the others need: they say themselves when it is missing.
    .filter((target) => !['node', 'packages'].includes(target));
  expect(targets).toContain('install');
  const help = await make('help');
  const listed = help.split('\n').flatMap((line) => /^make (\S+) +\S/.exec(line)?.[1] ?? []);
  expect(listed).toEqual(targets);
  expect(await make()).toBe(help);
});

it('the demo backs up, restores and compares a folder', async () => {
  const { stdout, stderr } = await run('sh', [join(ROOT, 'docs/demo.sh')], { cwd: tmpdir(), env: CLEAN });
  expect(stdout).toMatch(/^no difference$[\s\S]*restored exactly\n$/m);
  expect(stderr).toBe('');
});

describe('make install', () => {
  const dest = mkdtempSync(join(tmpdir(), 'twindb-make-'));
  const config = join(dest, 'etc/twindb/twindb-backup.cfg');
  const cron = join(dest, 'etc/cron.d/twindb-backup');
  const command = join(dest, 'usr/bin/twindb-backup');
  // Without a build: the other tests run what is in dist/ at the same time.
  const install = () => make('--assume-old=build', 'install', `DESTDIR=${dest}`, 'PREFIX=/usr');

  beforeAll(async () => {
    await install();
  }, 120_000);
  afterAll(() => rmSync(dest, { recursive: true }));

  it('puts the sample configuration, for its owner only, and the cron file where the docs say', () => {
    expect(readText(config)).toBe(readText(join(ROOT, 'packaging/twindb-backup.cfg')));
    expect(statSync(config).mode & 0o7777).toBe(0o600);
    expect(readText(cron)).toBe(readText(join(ROOT, 'cron.d/twindb-backup')));
    expect(statSync(cron).mode & 0o7777).toBe(0o644);
  });

  it('brings man pages, completions and systemd units that call the command where it lies', () => {
    const share = join(dest, 'usr/share');
    expect(existsSync(join(share, 'man/man1/twindb-backup.1.gz'))).toBe(true);
    expect(existsSync(join(share, 'man/man5/twindb-backup.cfg.5.gz'))).toBe(true);
    expect(existsSync(join(share, 'bash-completion/completions/twindb-backup'))).toBe(true);
    expect(existsSync(join(share, 'zsh/site-functions/_twindb-backup'))).toBe(true);
    expect(existsSync(join(share, 'fish/vendor_completions.d/twindb-backup.fish'))).toBe(true);
    expect(readText(join(share, 'twindb-backup/prometheus-rules.yml'))).toContain(
      'alert: TwindbBackupTooOld',
    );
    const service = readText(join(dest, 'usr/lib/systemd/system/twindb-backup@.service'));
    expect(service).toContain('\nExecStart=/usr/bin/twindb-backup backup %i\n');
    const stream = readText(join(dest, 'usr/lib/systemd/system/twindb-backup-stream.service'));
    expect(stream).toContain('\nExecStart=/usr/bin/twindb-backup stream binlog\n');
    expect(stream).toContain('\nRestartPreventExitStatus=2 78\n');
    // Not both at once.
    expect(service).toContain('\nExecStartPre=/usr/lib/twindb-backup/cron-or-timer.sh\n');
    expect(existsSync(join(dest, 'usr/lib/twindb-backup/cron-or-timer.sh'))).toBe(true);
  });

  it('brings the programs that it runs on, and none that only development needs', () => {
    const modules = join(dest, 'usr/lib/twindb-backup/node_modules');
    expect(existsSync(join(modules, 'commander'))).toBe(true);
    expect(existsSync(join(modules, 'vitest'))).toBe(false);
    expect(existsSync(join(modules, 'typescript'))).toBe(false);
  });

  it('gives a command that backs up and restores from any folder', async () => {
    using sandbox = createSandbox();
    sandbox.file('data/a file', 'content');
    sandbox.configure({
      source: { backup_dirs: join(sandbox.dir, 'data') },
      destination: { backup_destination: 'local' },
      local: { backup_dir: join(sandbox.dir, 'copies') },
      measures: { log: join(sandbox.dir, 'measures.log') },
    });
    const call = async (...args: string[]): Promise<string> => {
      const { stdout, stderr } = await run(command, args, { cwd: sandbox.dir, env: CLEAN });
      expect(stderr).toBe('');
      return stdout;
    };
    const { version } = JSON.parse(readText(join(ROOT, 'package.json'))) as { version: string };
    expect(await call('--version')).toBe(`${version}\n`);
    const lock = join(sandbox.dir, 'lock');
    expect(await call('--config', sandbox.config, 'backup', '--lock-file', lock, 'daily')).toBe('');
    const copy = (await call('--config', sandbox.config, 'ls')).trim();
    await call('--config', sandbox.config, 'restore', 'file', copy, '--dst', 'restored');
    expect(readText(join(sandbox.dir, 'restored', sandbox.dir, 'data/a file'))).toBe('content');
  });

  it('again: replaces the program, and leaves what the operator has edited', async () => {
    appendFileSync(config, '# edited\n');
    appendFileSync(cron, '# edited\n');
    const stale = join(dest, 'usr/lib/twindb-backup/dist/stale.js');
    appendFileSync(stale, '');
    await install();
    expect(readText(config)).toMatch(/\n# edited\n$/);
    expect(readText(cron)).toMatch(/\n# edited\n$/);
    expect(existsSync(stale)).toBe(false);
    expect((await run(command, ['--version'], { env: CLEAN })).stdout).toMatch(/^\d/);
  });
});
