import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What `two-hosts.sh` wrote into hosts.json. */
interface HostFiles {
  readonly dir: string;
  readonly sourcePid: number;
  readonly replicaPid: number;
  readonly sourceAddress: string;
  readonly replicaAddress: string;
  /** One of the source's that the replica has no way to. */
  readonly farAddress: string;
  readonly key: string;
  readonly knownHosts: string;
  /** For the user `admin` of the source's MariaDB, who may do anything. */
  readonly defaultsFile: string;
  /** Holds the password of the user `repl`, with quotes, a blank and a `#` in it. */
  readonly passwordFile: string;
}

export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Two hosts on this machine; the source's MariaDB runs. Disposing removes them with all their processes. */
export interface TwoHosts extends HostFiles, AsyncDisposable {
  readonly password: string;
  on(host: 'source' | 'replica', ...words: readonly string[]): Promise<string>;
  /** Starts the built command on the source; `[ssh]` logs in as this user. */
  start(args: readonly string[], user?: string): { child: ChildProcess; result: Promise<CommandResult> };
  /** Runs it to its end. */
  run(args: readonly string[], user?: string): Promise<CommandResult>;
  /** Rows of a statement, a line each, columns separated by tabs. */
  sql(host: 'source' | 'replica', statement: string): Promise<string>;
  /** Makes a program or another file of the replica; a path below one of the folders that are its own. */
  put(path: `${ReplicaFolder}/${string}`, content: string): void;
  /** For the source's server to read its configuration again. */
  restartSource(): Promise<void>;
  /** The replica as it was in the beginning, without a server. */
  reset(): Promise<void>;
  /** All files a clone could touch there and what they hold, but for those of a running server, and all processes. */
  describeReplica(): Promise<string>;
}

/** /usr/local/sbin, which comes first in PATH; /etc/sudoers.d, /etc/mysql, /etc/init.d, /var/lib/mysql, /run. */
type ReplicaFolder = 'sbin' | 'sudoers.d' | 'etc' | 'init.d' | 'lib' | 'run';

const exec = promisify(execFile);
const script = fileURLToPath(new URL('two-hosts.sh', import.meta.url));
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Why there cannot be two hosts here; undefined: there can. */
export const noTwoHosts = process.getuid?.() === 0 ? undefined : 'needs root';

export async function startTwoHosts(): Promise<TwoHosts> {
  const dir = mkdtempSync('/tmp/twhosts-');
  await exec(script, ['up', dir]);
  const files: HostFiles = JSON.parse(readFileSync(join(dir, 'hosts.json'), 'utf8'));
  const enter = (host: 'source' | 'replica') => [
    '--target',
    String(host === 'source' ? files.sourcePid : files.replicaPid),
    '--mount',
    '--uts',
    '--net',
    '--pid',
    '--',
  ];
  const on: TwoHosts['on'] = async (host, ...words) =>
    (await exec('nsenter', [...enter(host), ...words], { maxBuffer: 1 << 24 })).stdout;
  const sql: TwoHosts['sql'] = async (host, statement) =>
    (await on(host, 'mariadb', `--defaults-file=/run/lab/admin.cnf`, '-BNe', statement)).trim();
  const start: TwoHosts['start'] = (args, user = 'root') => {
    const config = join(dir, `${user}.cfg`);
    writeFileSync(config, configFor(files, user), { mode: 0o600 });
    const words = [...enter('source'), process.execPath, MAIN, '--config', config, ...args];
    const child = spawn('nsenter', words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Others on this machine cannot see its processes, and would take its temporary folders for those of dead ones.
      env: { PATH: process.env['PATH'], TMPDIR: join(dir, 'source/run/lab') },
    });
    return { child, result: collect(child) };
  };
  for (const host of ['source', 'replica']) {
    writeFileSync(join(dir, host, 'run/lab/admin.cnf'), readFileSync(files.defaultsFile), { mode: 0o600 });
  }
  const startSource = async () => {
    spawn('nsenter', [...enter('source'), 'setsid', 'mariadbd', '--user=mysql'], { stdio: 'ignore' }).unref();
    while ((await sql('source', 'SELECT 1').catch(() => '')) !== '1') await sleep(50);
  };
  await startSource();
  return {
    ...files,
    password: readFileSync(files.passwordFile, 'utf8').trim(),
    on,
    sql,
    start,
    run: (args, user) => start(args, user).result,
    put(path, content) {
      const full = join(dir, 'replica', path);
      mkdirSync(join(full, '..'), { recursive: true });
      writeFileSync(full, content, { mode: path.startsWith('sbin/') ? 0o755 : 0o644 });
    },
    async restartSource() {
      await on('source', 'mariadb-admin', '--defaults-file=/run/lab/admin.cnf', 'shutdown');
      await startSource();
    },
    async reset() {
      await exec(script, ['reset', dir]);
    },
    async describeReplica() {
      const list =
        'find /etc/mysql /var/lib/mysql /tmp -printf "%p %y %u:%g %m %l\\n"; find /etc/mysql -type f -exec md5sum {} +';
      const found = await on('replica', 'sh', '-c', `{ ${list}; } | sort`);
      return `${found}${await listProcesses(on)}`;
    },
    async [Symbol.asyncDispose]() {
      await exec(script, ['down', dir]);
    },
  };
}

/** The names of all processes there but for sessions of sshd, which end a moment after their client. */
async function listProcesses(on: TwoHosts['on']): Promise<string> {
  const all = await on('replica', 'ps', '-eo', 'comm=');
  return all
    .split('\n')
    .filter((name) => !/^(sshd|ps|sleep|)$/.test(name.trim()))
    .toSorted()
    .join('\n');
}

function configFor({ key, knownHosts, defaultsFile, dir }: HostFiles, user: string): string {
  return `[destination]
backup_destination = local
[local]
backup_dir = ${dir}/copies
[mysql]
mysql_defaults_file = ${defaultsFile}
[compression]
program = zstd
[ssh]
ssh_user = ${user}
ssh_key = ${key}
known_hosts = ${knownHosts}
host_key_checking = strict
`;
}

async function collect(child: ChildProcess): Promise<CommandResult> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exitCode = await new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  return { exitCode, stdout, stderr };
}
