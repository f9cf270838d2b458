import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configureLocal, listCopies, SILENT } from '../fixtures/backup-run.ts';
import { createSandbox, type Sandbox } from './cli.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const SAMPLE = fileURLToPath(new URL('../../packaging/logrotate', import.meta.url));

type Line = Readonly<Record<string, unknown>>;

let sandbox: Sandbox;
let source: string;
let logFile: string;
beforeEach(async () => {
  sandbox = createSandbox();
  source = join(sandbox.dir, 'source');
  logFile = join(sandbox.dir, 'log.json');
  sandbox.file('source/file', 'content');
  configureLocal(sandbox, [source]);
  // The first backup makes a key, and says so.
  expect(await sandbox.backup('yearly')).toEqual(SILENT);
});
afterEach(() => sandbox[Symbol.dispose]());

/** Every line of a text, each of which must be a JSON object. */
function parseLines(text: string): Line[] {
  expect(text.endsWith('\n')).toBe(true);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

const readLog = () => parseLines(readFileSync(logFile, 'utf8'));

/** Makes zstd a program that compresses, and then ends only when the file it returns is absent. */
function holdCompressor(): string {
  const gate = sandbox.file('gate', '');
  const script = `#!/bin/sh\n/usr/bin/zstd "$@"\nwhile [ -e '${gate}' ]; do sleep 0.1; done\n`;
  chmodSync(sandbox.file('bin/zstd', script), 0o755);
  return gate;
}

const withHeldCompressor = () => ({ PATH: `${join(sandbox.dir, 'bin')}:${process.env['PATH']}` });

/** Waits until a backup has written its object, which the compressor keeps from being complete. */
const untilWriting = () =>
  expect
    .poll(() => existsSync(join(sandbox.dir, 'repository', hostname(), '.partial')), { timeout: 20_000 })
    .toBe(true);

describe('--log-format json', () => {
  it.each([
    [['lss'], "unknown command 'lss'"],
    [['backup', 'dayly'], "'dayly' is invalid for argument 'run-type'"],
    [['ls', '--tpye', 'files'], "unknown option '--tpye'"],
    [['ls', '--since', 'yesterday'], 'It must be a time such as 2026-01-31'],
  ])('has what is wrong with the command line %j as a line', async (words, message) => {
    for (const args of [
      ['--log-format', 'json', ...words],
      [...words, '--log-format', 'json'],
    ]) {
      const { exitCode, stdout, stderr } = await sandbox.run(...args);
      expect([exitCode, stdout]).toEqual([2, '']);
      expect(parseLines(stderr)).toMatchObject([
        { level: 'error', msg: expect.stringContaining(message) },
        { level: 'info', msg: 'Finished', exitCode: 2 },
      ]);
    }
    expect((await sandbox.run('--log-format', 'xml', 'ls')).stderr).toMatch(/^error: option '--log-format/);
  });

  it('prints each message as JSON on stderr, what was copied in figures, and how it ended', async () => {
    configureLocal(sandbox, [source, join(sandbox.dir, 'absent')]);
    const result = await sandbox.backup('daily', '--log-format', 'json');
    expect(result).toMatchObject({ exitCode: 1, stdout: '' });
    const lines = parseLines(result.stderr);
    const copy = (await listCopies(sandbox)).find((each) => each.includes('/daily/'));
    const [{ run } = {}] = lines;
    expect(run).toMatch(/^[0-9a-f]{16}$/);
    const common = {
      run,
      host: hostname(),
      command: 'backup',
      runType: 'daily',
      time: expect.stringMatching(/Z$/),
    };
    expect(lines).toEqual([
      {
        ...common,
        level: 'info',
        msg: expect.stringContaining(`Backed up ${source} to ${copy}`),
        key: copy?.slice(join(sandbox.dir, 'repository/').length),
        bytes: statSync(copy ?? '').size,
        seconds: expect.any(Number),
      },
      { ...common, level: 'error', msg: expect.stringContaining('Cannot back up') },
      { ...common, level: 'info', msg: 'Finished', exitCode: 1, seconds: expect.any(Number) },
    ]);
  });

  it('prints results as ever, and names the command by its words without its arguments', async () => {
    const [copy = ''] = await listCopies(sandbox);
    const listed = await sandbox.run('--log-format', 'json', 'ls');
    expect(listed).toMatchObject({ exitCode: 0, stdout: `${copy}\n` });
    const restored = await sandbox.run(
      '--debug',
      '--log-format',
      'json',
      'restore',
      'file',
      copy,
      '--dst',
      `${source}2`,
    );
    expect(parseLines(restored.stderr).at(-1)).toMatchObject({ command: 'restore file', exitCode: 0 });
    expect(restored.stderr).not.toContain('runType');
    const about = { key: copy.slice(join(sandbox.dir, 'repository/').length), bytes: statSync(copy).size };
    expect(parseLines(restored.stderr)).toContainEqual(expect.objectContaining({ level: 'debug', ...about }));
  });

  it('has no progress line on a terminal, and no colour', () => {
    const words = [
      '--config',
      sandbox.config,
      '--log-format',
      'json',
      'backup',
      '--lock-file',
      `${source}.lock`,
      'daily',
    ];
    const command = [process.execPath, MAIN, ...words].map((word) => `'${word}'`).join(' ');
    const { stdout } = spawnSync('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      encoding: 'utf8',
    });
    expect(parseLines(stdout.replaceAll('\r\n', '\n'))).toHaveLength(2);
  });

  it('has the end of an interrupted run, and what --debug says', async () => {
    const gate = holdCompressor();
    configureLocal(sandbox, [source], { compression: { program: 'zstd' } });
    const running = sandbox.start(
      ['--debug', '--log-format', 'json', 'backup', '--lock-file', `${source}.lock`, 'daily'],
      withHeldCompressor(),
    );
    await untilWriting();
    running.child.kill('SIGTERM');
    const { exitCode, stderr } = await running.result;
    rmSync(gate);
    expect(exitCode).toBe(143);
    const lines = parseLines(stderr);
    expect(lines.map(({ level }) => level)).toContain('debug');
    expect(lines.at(-1)).toMatchObject({ msg: 'Finished', exitCode: 143 });
  });
});

describe('[log] file', () => {
  it('gets what each command says, of another run each time, while stderr has what it always has', async () => {
    configureLocal(sandbox, [source], { log: { file: logFile } });
    expect(await sandbox.backup()).toEqual(SILENT);
    expect(statSync(logFile).mode & 0o777).toBe(0o640);
    expect((await sandbox.run('restore', 'file', 'nothing')).stderr).toMatch(/^ERROR: There is no copy/);
    const lines = readLog();
    expect(lines.map(({ command, msg }) => `${String(command)}: ${String(msg).split(' ')[0]}`)).toEqual([
      'backup: Started',
      'backup: Backed',
      'backup: Finished',
      'restore file: Started',
      'restore file: There',
      'restore file: Finished',
    ]);
    expect(new Set(lines.map(({ run }) => run)).size).toBe(2);
  });

  it('has what was said before the file was known', async () => {
    configureLocal(sandbox, [source], { log: { file: logFile }, nonsense: { a: 1 } });
    await sandbox.backup();
    expect(readLog()[1]).toMatchObject({ level: 'warn', msg: expect.stringContaining('[nonsense]') });
  });

  it('that logrotate has rotated under a run is left alone, and the run goes on in the new one', async () => {
    const gate = holdCompressor();
    configureLocal(sandbox, [source], { compression: { program: 'zstd' }, log: { file: logFile } });
    const running = sandbox.start(['backup', '--lock-file', `${source}.lock`, 'daily'], withHeldCompressor());
    await untilWriting();
    // The packaged rules, of this file.
    const rules = readFileSync(SAMPLE, 'utf8').replace('/var/log/twindb-backup.json', logFile);
    execFileSync('logrotate', ['--force', '--state', `${logFile}.state`, sandbox.file('rules', rules)]);
    rmSync(gate);
    expect(await running.result).toEqual(SILENT);
    const rotated = parseLines(readFileSync(`${logFile}.1`, 'utf8'));
    expect(rotated.map(({ msg }) => msg)).toEqual(['Started']);
    const lines = readLog();
    expect(lines.map(({ msg }) => String(msg).split(' ')[0])).toEqual(['Backed', 'Finished']);
    expect(lines[0]?.['run']).toBe(rotated[0]?.['run']);
    expect(statSync(logFile).mode & 0o777).toBe(0o640);
  });

  it('that cannot be written is one warning, and the backup is made', async () => {
    mkdirSync(logFile);
    configureLocal(sandbox, [source], { log: { file: logFile } });
    const result = await sandbox.backup('daily', '--debug');
    expect(result.exitCode).toBe(0);
    expect(result.stderr.match(/^WARNING: .*$/gm)).toEqual([
      `WARNING: Cannot write the log file ${logFile} ([log] file); the command goes on: illegal operation on a directory`,
    ]);
    expect(await listCopies(sandbox)).toHaveLength(2);
  });

  it('in a folder that others may write to is warned of', async () => {
    const shared = join(sandbox.dir, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o777);
    configureLocal(sandbox, [source], { log: { file: join(shared, 'log.json') } });
    const { exitCode, stderr } = await sandbox.backup();
    expect(exitCode).toBe(0);
    expect(stderr).toBe(
      `WARNING: Other accounts may replace the log file ${shared}/log.json, as they may change its folder ${shared}: everyone may write to it\n`,
    );
  });

  it('has no secret, also where a server repeats it', async () => {
    const secret = 'Sw0rdfish+Never+Shown';
    const server = createServer((_request, response) => {
      response.writeHead(409, { 'Content-Type': 'application/xml' });
      response.end(`<Error><Code>Refused</Code><Message>You sent ${secret}</Message></Error>`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    sandbox.configure({
      source: { backup_dirs: source },
      destination: { backup_destination: 's3' },
      s3: {
        BUCKET: 'bucket',
        AWS_ACCESS_KEY_ID: 'user',
        AWS_SECRET_ACCESS_KEY: secret,
        endpoint_url: `http://127.0.0.1:${port}`,
      },
      measures: { log: join(sandbox.dir, 'measures.log') },
      log: { file: logFile },
    });
    try {
      const { exitCode, stderr } = await sandbox.backup('daily', '--debug');
      expect(exitCode).toBe(1);
      expect(stderr).toContain('You sent [secret]');
      expect(stderr).not.toContain(secret);
      const text = readFileSync(logFile, 'utf8');
      expect(text).toContain('You sent [secret]');
      expect(text).not.toContain(secret);
    } finally {
      server.close();
    }
  });
});

it('a killed run has lost nothing that it had said', async () => {
  const gate = holdCompressor();
  configureLocal(sandbox, [source], { compression: { program: 'zstd' }, log: { file: logFile } });
  const running = sandbox.start(
    ['--debug', 'backup', '--lock-file', `${source}.lock`, 'daily'],
    withHeldCompressor(),
  );
  await untilWriting();
  running.child.kill('SIGKILL');
  const { stderr } = await running.result;
  rmSync(gate);
  const said = stderr.match(/^DEBUG: /gm) ?? [];
  expect(readLog().filter(({ level }) => level === 'debug')).toHaveLength(said.length);
});
