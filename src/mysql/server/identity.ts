import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerVendor } from '../../copies/mysql-copy.ts';
import { isOnThisHost } from './server-process.ts';
import { systemTablespace } from './system-tablespace.ts';

/** How a server's data are told from others. */
export interface ServerIdentity {
  /**
   * `ID:PORT`: the server's own id, which stays when its data are restored or moved to another disk, and what tells servers of one
   * machine apart whose data directories are copies of each other, which have one id.
   */
  readonly id: string;
  /** The server's own id, and what changes when the data are made anew. */
  readonly identity: string;
}

type ReadVariable = (name: string) => Promise<string | undefined>;

/**
 * Tells one server's data from all others, and from that server's own data after they were made anew: an incremental
 * copy may only continue a full one of the same identity, as LSNs of different histories say nothing about each other.
 *
 * It has two parts. The first is the server's own id: for MySQL and Percona `server_uuid`; MariaDB has none, so there it
 * is the UUID in `aria_log_control`, which is drawn when a data directory is initialised and never again. A restored
 * data directory keeps that one, and a node that Galera has filled from another one keeps `server_uuid`: hence the second
 * part, the birth time of InnoDB's system tablespace, which is only ever created with a data directory. Moving the data
 * to another disk changes it too; that costs one full copy.
 *
 * Where the files cannot be seen (another host, another user), MySQL's identity is `server_uuid` alone, MariaDB's is
 * `server_uid` (a hash of the host's network address and the port) or else host and port, which do not notice
 * that the data were made anew: then a lower LSN has to tell.
 */
export async function readIdentity(vendor: ServerVendor, variable: ReadVariable): Promise<ServerIdentity> {
  const isHere = await isOnThisHost({ variable });
  const datadir = isHere ? await variable('datadir') : undefined;
  const uuid =
    vendor === 'mariadb'
      ? await readMariadbId(isHere ? await variable('aria_log_dir_path') : undefined, variable)
      : ((await variable('server_uuid')) ?? (await readHostId(variable)));
  const birth =
    datadir === undefined ? undefined : await readBirth((await systemTablespace(datadir, variable))[0]);
  return {
    id: `${uuid}:${(await variable('port')) ?? ''}`,
    identity: birth === undefined ? uuid : `${uuid}@${birth}`,
  };
}

async function readMariadbId(ariaFolder: string | undefined, variable: ReadVariable): Promise<string> {
  const uuid =
    ariaFolder === undefined ? undefined : await readAriaUuid(join(ariaFolder, 'aria_log_control'));
  return uuid ?? (await variable('server_uid')) ?? (await readHostId(variable));
}

async function readHostId(variable: ReadVariable): Promise<string> {
  return `${(await variable('hostname')) ?? ''}:${(await variable('port')) ?? ''}`;
}

/** The file starts with a magic number of 3 bytes and a version, followed by the UUID. Source: ma_control_file.c of MariaDB. */
const ARIA_MAGIC = Buffer.from([0xfe, 0xfe, 0x0c]);
const UUID_OFFSET = 4;
const UUID_LENGTH = 16;

/** The UUID of Aria's control file in hex; undefined when the file cannot be read, or is none. */
async function readAriaUuid(path: string): Promise<string | undefined> {
  const bytes = Buffer.alloc(UUID_OFFSET + UUID_LENGTH);
  try {
    await using file = await open(path);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    if (bytesRead < bytes.length || !bytes.subarray(0, ARIA_MAGIC.length).equals(ARIA_MAGIC))
      return undefined;
  } catch {
    return undefined; // another user's, or not on this file system: the server's own variables have to do
  }
  return bytes.toString('hex', UUID_OFFSET);
}

/** In microseconds since the epoch; undefined when the file cannot be seen or its file system knows no birth times. */
async function readBirth(path: string): Promise<bigint | undefined> {
  try {
    const { birthtimeNs, ctimeNs } = await stat(path, { bigint: true });
    // Without support for it Node.js reports zero, or the time of the last change.
    return birthtimeNs === 0n || birthtimeNs === ctimeNs ? undefined : birthtimeNs / 1000n;
  } catch {
    return undefined;
  }
}
