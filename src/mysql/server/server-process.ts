import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { resolve } from 'node:path';

interface Asked {
  variable(name: string): Promise<string | undefined>;
}

/** Whether the server runs on this host: on another one its paths are of other files. */
export async function isOnThisHost(server: Asked): Promise<boolean> {
  return (await server.variable('hostname')) === hostname();
}

/** The process that the server's pid file names; undefined where the server is on another host, or its file cannot be read. */
export async function findServerProcess(server: Asked): Promise<number | undefined> {
  if (!(await isOnThisHost(server))) return undefined;
  const datadir = (await server.variable('datadir')) ?? '/';
  const pidFile = await server.variable('pid_file');
  if (!pidFile) return undefined;
  const pid = (await readFile(resolve(datadir, pidFile), 'utf8').catch(() => '')).trim();
  return /^\d+$/.test(pid) ? Number(pid) : undefined;
}

/**
 * The systemd unit of the server's process; undefined when it has none of its own, as when this process itself, or a person's
 * session, belongs to the same.
 */
export async function findUnit(server: Asked): Promise<string | undefined> {
  const pid = await findServerProcess(server);
  if (pid === undefined) return undefined;
  const unitOf = async (process: string) =>
    parseUnit(await readFile(`/proc/${process}/cgroup`, 'utf8').catch(() => ''));
  const unit = await unitOf(String(pid));
  return unit === (await unitOf('self')) ? undefined : unit;
}

/** The service that `/proc/PID/cgroup` names, without `.service`, for either version of control groups. */
export function parseUnit(cgroup: string): string | undefined {
  return /^(?:0:|\d+:name=systemd):(?:\/.*)?\/system\.slice\/(?:[^/\n]+\.slice\/)*([^/\n]+)\.service$/m.exec(
    cgroup,
  )?.[1];
}
