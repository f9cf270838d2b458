import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../lab/lab.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Takes from root what lets it read and write everything: capabilities(7). */
const BOUND = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'];

/** Takes from root what lets it raise limits. */
const LIMITED = ['setpriv', '--bounding-set=-sys_resource', 'prlimit'] as const;

/** How a run of the installed command ended. */
export interface Result {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run of the command that goes on. */
export interface Running {
  readonly child: ChildProcess;
  readonly result: Promise<Result>;
}

export type Sections = Readonly<Record<string, Readonly<Record<string, string | number>>>>;

/** A folder with a configuration file, and the built command as cron would call it: no terminal, hardly an environment. */
export interface Sandbox extends Disposable {
  readonly dir: string;
  /** Path of the configuration file that `run` uses. */
  readonly config: string;
  /** Replaces the configuration; sections come as objects, or the whole text as it is. */
  configure(content: Sections | string): void;
  /** Makes a file below `dir`, with its folders, and returns its path. */
  file(path: string, content: string | Buffer): string;
  run(...args: string[]): Promise<Result>;
  /** `run` as root whom the modes of files bind as they bind everyone: for files that others own. */
  runBound(...args: string[]): Promise<Result>;
  /** `run` with these limits of open files, SOFT:HARD, beyond which not even root gets. */
  runWithFiles(limits: string, ...args: string[]): Promise<Result>;
  /** `backup RUN_TYPE` with a lock file of its own. */
  backup(runType?: string, ...options: string[]): Promise<Result>;
  start(args: readonly string[], env?: NodeJS.ProcessEnv): Running;
  /** `start` below a program that runs the command given in its arguments, such as unshare. */
  startUnder(
    program: readonly [string, ...string[]],
    args: readonly string[],
    env?: NodeJS.ProcessEnv,
  ): Running;
}

export function createSandbox(): Sandbox {
  const dir = mkdtempSync(join(tmpdir(), 'twindb-e2e-'));
  const config = join(dir, 'twindb-backup.cfg');
  const launch = (words: readonly [string, ...string[]], env: NodeJS.ProcessEnv = {}): Running => {
    const [command, ...args] = words;
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    });
    return { child, result: collect(child) };
  };
  const start: Sandbox['start'] = (args, env) =>
    launch([process.execPath, MAIN, '--config', config, ...args], env);
  const startUnder: Sandbox['startUnder'] = (program, args, env) =>
    launch([...program, process.execPath, MAIN, '--config', config, ...args], env);
  const run = (...args: string[]) => start(args).result;
  return {
    dir,
    config,
    configure: (content) =>
      writeFileSync(config, typeof content === 'string' ? content : formatSections(content), { mode: 0o600 }),
    file(path, content) {
      const full = join(dir, path);
      mkdirSync(join(full, '..'), { recursive: true });
      writeFileSync(full, content);
      return full;
    },
    run,
    runBound: (...args) =>
      launch([...BOUND, process.execPath, MAIN, '--config', config, ...args] as [string, ...string[]]).result,
    runWithFiles: (limits, ...args) =>
      launch([...LIMITED, `--nofile=${limits}`, process.execPath, MAIN, '--config', config, ...args]).result,
    backup: (runType = 'daily', ...options) =>
      run(...options, 'backup', '--lock-file', join(dir, 'lock'), runType),
    start,
    startUnder,
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** The text of a configuration file. */
export function formatSections(sections: Sections): string {
  return Object.entries(sections)
    .map(([name, options]) => {
      const lines = Object.entries(options).map(([option, value]) => `${option} = ${value}\n`);
      return `[${name}]\n${lines.join('')}`;
    })
    .join('\n');
}

async function collect(child: ChildProcess): Promise<Result> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [exitCode, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('close', (code, by) => resolve([code, by]));
  });
  return { exitCode, signal, stdout, stderr };
}

let places = 0;

/** The destinations that the lab has. */
export type LabKind = 'local' | 'ssh' | 's3';

/** The sections that choose a destination of this kind, each time an empty place of its own. */
export function destinationSections(kind: LabKind, sandbox: Sandbox, lab: Lab): Sections {
  places += 1;
  const place = `e2e-${process.pid}-${places}`;
  switch (kind) {
    case 'local':
      return {
        destination: { backup_destination: 'local' },
        local: { backup_dir: join(sandbox.dir, place) },
      };
    case 'ssh':
      return {
        destination: { backup_destination: 'ssh' },
        ssh: {
          backup_host: lab.ssh.host,
          port: lab.ssh.port,
          ssh_user: lab.ssh.user,
          ssh_key: lab.ssh.key,
          known_hosts: lab.ssh.knownHosts,
          backup_dir: join(lab.ssh.root, place),
        },
      };
    case 's3':
      return {
        destination: { backup_destination: 's3' },
        // All tests are one host to the bucket of the lab, so they have one key.
        integrity: { key_file: join(lab.dir, 'integrity.key') },
        s3: {
          BUCKET: lab.s3.bucket,
          endpoint_url: lab.s3.endpoint,
          AWS_DEFAULT_REGION: lab.s3.region,
          AWS_ACCESS_KEY_ID: lab.s3.accessKey,
          AWS_SECRET_ACCESS_KEY: lab.s3.secretKey,
          checksums: 'when_required',
        },
      };
  }
}
