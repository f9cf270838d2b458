import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SshConfig } from '../../src/config/config.ts';
import { hasCode } from '../../src/errors.ts';
import type { LabSsh } from '../lab/lab.ts';

/** A real sshd that a test may kill: same keys and users as the lab's, on a port of its own. */
export interface MortalSshd {
  readonly port: number;
  start(): Promise<void>;
  /** Ends the server and the processes of all its connections at once. */
  kill(): Promise<void>;
  /** Ends only the processes of its connections, by the name that ps shows. */
  killSessions(): void;
}

/** Writes its files into `dir`; `lines` are added to its configuration, `sftp` is what it runs for SFTP. */
export async function makeSshd(
  lab: LabSsh,
  dir: string,
  lines: readonly string[] = [],
  sftp = 'internal-sftp',
): Promise<MortalSshd> {
  const port = await freePort();
  const config = `${dir}/sshd_config`;
  writeFileSync(
    config,
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      ...['ed25519', 'ecdsa', 'rsa'].map((type) => `HostKey ${lab.hostKeys}/${type}`),
      `AuthorizedKeysFile ${lab.hostKeys}/../authorized_keys`,
      'PidFile none',
      'StrictModes no',
      'UsePAM no',
      `Subsystem sftp ${sftp}`,
      ...lines,
    ].join('\n'),
  );
  let pid: number | undefined;
  return {
    port,
    async start() {
      const server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', config], { stdio: 'ignore' });
      pid = server.pid;
      while (!(await accepts(port))) await sleep(10);
    },
    async kill() {
      if (pid === undefined) return;
      for (const victim of [pid, ...descendants(pid)]) killIfThere(victim);
      pid = undefined;
      while (await accepts(port)) await sleep(10);
    },
    killSessions() {
      for (const victim of pid === undefined ? [] : descendants(pid)) killIfThere(victim);
    },
  };
}

/** A session may end by itself between being listed and being killed. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

/** A line that makes the lab's key of this type known for a port. */
export function knownLine(lab: LabSsh, port: number, type: 'ed25519' | 'ecdsa' | 'rsa'): string {
  const [name, base64] = readFileSync(`${lab.hostKeys}/${type}.pub`, 'utf8').split(' ');
  return `[127.0.0.1]:${port} ${name} ${base64}\n`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** Children, grandchildren, … of a process: sshd gives each connection a session, so no group holds them all. */
function descendants(pid: number): number[] {
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === pid);
  return children.flatMap((name) => [Number(name), ...descendants(Number(name))]);
}

/** Field 4 of /proc/PID/stat, the first behind the program's name being the third. Source: proc(5). */
function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined; // it has ended meanwhile
  }
}

/** The lab's server as a destination, with the copies in `backupDir`. */
export function sshConfig(lab: LabSsh, change: Partial<SshConfig> & Pick<SshConfig, 'backupDir'>): SshConfig {
  const { host, port, user, key, knownHosts } = lab;
  return { kind: 'ssh', host, port, user, keyFile: key, knownHosts, hostKeyChecking: 'strict', ...change };
}
