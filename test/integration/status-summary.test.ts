import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { status } from '../../src/commands/status.ts';
import { encodeEnvelope } from '../../src/status/envelope.ts';
import { createSandbox, destinationSections, type Sandbox } from '../e2e/cli.ts';
import { configureLocal, listCopies, SILENT } from '../fixtures/backup-run.ts';
import { damage } from '../fixtures/mysql-copies.ts';
import { runJob } from '../fixtures/run-in-process.ts';
import { useLab } from '../lab/lab.ts';

const lab = useLab();

let sandbox: Sandbox;
let source: string;
beforeEach(() => {
  sandbox = createSandbox();
  source = join(sandbox.dir, 'source');
  sandbox.file('source/file', randomBytes(100_000));
});
afterEach(() => sandbox[Symbol.dispose]());

interface Document {
  readonly host: string;
  readonly sources: readonly Readonly<Record<string, unknown>>[];
  readonly room: readonly Readonly<Record<string, unknown>>[];
  readonly last_run: unknown;
}

const summarise = async (...args: string[]) => {
  const { exitCode, stdout, stderr } = await sandbox.run('status', '--summary', ...args);
  expect([exitCode, stderr]).toEqual([0, '']);
  return stdout;
};
const read = async (...args: string[]) => JSON.parse(await summarise('--json', ...args)) as Document;

describe.each([
  ['local', expect.any(Number)],
  ['ssh', expect.any(Number)],
  ['s3', null],
] as const)('status --summary on %s', (kind, free) => {
  it('says of each source when it last succeeded, how large it is, and whether it was verified', async () => {
    const sections = destinationSections(kind, sandbox, lab);
    const other = join(sandbox.dir, 'never backed up');
    const configure = (dirs: string) =>
      sandbox.configure({
        ...sections,
        ...(kind === 's3' && { s3: { ...sections['s3'], prefix: `summary-${process.pid}-${Date.now()}/` } }),
        source: { backup_dirs: dirs },
        measures: { log: join(sandbox.dir, 'measures.log') },
      });
    configure(source);
    expect(await sandbox.backup()).toEqual(SILENT);
    sandbox.file('source/second', randomBytes(100_000));
    expect(await sandbox.backup('weekly')).toEqual(SILENT);
    const [copy = ''] = (await listCopies(sandbox)).filter((each) => each.includes('/weekly/'));
    const before = await read();
    expect(before.sources).toMatchObject([
      { type: 'files', source, configured: true, late: false, copies: 2, run_type: 'weekly', verified: null },
    ]);
    expect(before.sources[0]?.['growth']).toBeCloseTo(1, 1);
    expect(copy).toContain(String(before.sources[0]?.['key']));
    expect(before.room).toEqual([{ place: 'remote', url: expect.any(String), free }]);
    expect(before.last_run).toMatchObject({ duration: expect.any(Number) });

    expect((await sandbox.run('verify', 'file', 'latest')).exitCode).toBe(0);
    const [verified] = (await read()).sources;
    expect(verified).toMatchObject({
      verified: { key: before.sources[0]?.['key'], seconds: expect.any(Number) },
      verification_failed: null,
    });
    const text = await summarise();
    expect(text).toMatch(new RegExp(`^Host ${hostname()} on `));
    expect(text).toMatch(
      /^\S*source +\d{4}-\d\d-\d\d \d\d:\d\d +\d+s +19\d\.\d KiB +\+\d+% in \d+s +2 +\d+s ago$/m,
    );
    expect(text).toMatch(
      kind === 's3' ? /^Room on s3:.*: it does not say how much there is$/m : /iB free; the newest/,
    );
    expect(text).not.toContain(other);
  });
});

describe('status --summary', () => {
  it('names what was never backed up, what is not configured any more, what is late, and a verification that failed', async () => {
    configureLocal(sandbox, [source]);
    expect(await sandbox.backup()).toEqual(SILENT);
    expect((await sandbox.run('verify', 'file', 'latest')).exitCode).toBe(0);
    damage((await listCopies(sandbox))[0] ?? '');
    expect((await sandbox.run('verify', 'file', 'latest')).exitCode).toBe(1);
    // What is not there is no copy that failed.
    expect((await sandbox.run('verify', 'file', 'nothing')).exitCode).toBe(1);
    const failed = await read();
    expect(failed.sources).toMatchObject([
      { verified: { seconds: expect.any(Number) }, verification_failed: {} },
    ]);
    expect(await summarise()).toMatch(/ FAILED \d+s ago$/m);

    const later = async (days: number): Promise<string> => {
      const lines: string[] = [];
      const now = () => new Date(Date.now() + days * 86_400_000);
      await runJob(sandbox, { now }, (context) =>
        status({ summary: true }, { ...context, interactive: false, print: (line) => lines.push(line) }),
      );
      return lines.join('\n');
    };
    expect(await later(3)).toMatch(/ FAILED 3d ago +late$/m);
    expect(await later(-3)).toMatch(/:\d\d +future /m);
    const other = join(sandbox.dir, 'other\x07line');
    configureLocal(sandbox, [other]);
    const text = await summarise();
    expect(text).toMatch(/^\$'.*\/other\\u0007line' +never +- +- +- +0 +never +late$/m);
    expect(text).toMatch(/ not configured any more$/m);
  });

  it('knows of the server full and incremental copies and logs, also of another host', async () => {
    configureLocal(sandbox, [source]);
    const at = (day: number) => Date.UTC(2026, 0, day) / 1000;
    const entry = (day: number, type: string, size: number) => [
      `db1/${type === 'full' ? 'daily' : 'hourly'}/mysql/mysql-2026-01-0${day}_00_00_00.xbstream.gz`,
      { type, lsn: day, config: [], backup_started: at(day), backup_finished: at(day) + 60, size },
    ];
    const daily = Object.fromEntries([entry(1, 'full', 1000), entry(2, 'full', 1500)]);
    const hourly = Object.fromEntries([entry(3, 'incremental', 10)]);
    const store = (name: string, content: Parameters<typeof encodeEnvelope>[0]) =>
      sandbox.file(`repository/db1/${name}`, encodeEnvelope(content));
    store('status', { hourly, daily, weekly: {}, monthly: {}, yearly: {} });
    store('binlog-status', { 'db1/binlog/mysql-bin.000001': { time_created: at(2) } });
    const { sources, last_run } = await read('--hostname', 'db1');
    expect(last_run).toBe(null);
    expect(sources).toMatchObject([
      {
        type: 'mysql',
        source: 'mysql',
        configured: null,
        late: null,
        copies: 3,
        last_success: at(3) + 60,
        size: 10,
        growth: 0.5,
      },
      { type: 'binlog', source: 'binlog', copies: 1, last_success: at(2), growth: null },
    ]);
  });

  it('says what it could not read, and shows the rest', async () => {
    configureLocal(sandbox, [source]);
    expect(await sandbox.backup()).toEqual(SILENT);
    sandbox.file(`repository/${hostname()}/status`, 'damaged');
    const { exitCode, stdout, stderr } = await sandbox.run('status', '--summary');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('/status');
    expect(stdout).toContain(source);
  });

  it('says how much room there is locally where the destination cannot say it', async () => {
    const keep = join(sandbox.file('keep/file', ''), '..');
    const backup_dir = join(sandbox.dir, 'absent');
    sandbox.configure({
      source: { backup_dirs: source },
      destination: { backup_destination: 'local', keep_local_path: keep },
      local: { backup_dir },
      measures: { log: join(sandbox.dir, 'measures.log') },
    });
    const { exitCode, stdout, stderr } = await sandbox.run('status', '--summary');
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/^ERROR: Cannot find out how much room there is on \S+\/absent: no such file/),
    ]);
    expect(stdout).toContain(`Room on ${keep}: `);
  });

  it('refuses a host of which there is nothing, and a type', async () => {
    configureLocal(sandbox, [source]);
    const unknown = await sandbox.run('status', '--summary', '--hostname', 'nowhere');
    expect([unknown.exitCode, unknown.stdout]).toEqual([1, '']);
    expect(unknown.stderr).toContain('There is no status of the host nowhere on ');
    const typed = await sandbox.run('status', '--summary', '--type', 'mysql');
    expect([typed.exitCode, typed.stdout]).toEqual([2, '']);
  });
});
