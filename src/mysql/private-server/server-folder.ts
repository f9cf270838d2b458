import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '../../config/secret.ts';
import { TwinDbError } from '../../errors.ts';
import { newPartialName } from '../../lock/owner.ts';
import { makeScratchFolder } from '../../lock/scratch-folder.ts';
import { endUsersOf } from '../../process/end-users.ts';
import type { Account } from '../../process/program.ts';
import type { MysqlOptions } from '../server/defaults-file.ts';
import { mayEnter } from './server-account.ts';

/** All that a private server has beside its data. Disposing removes it. */
export interface ServerFolder extends AsyncDisposable {
  readonly socket: string;
  readonly pidFile: string;
  readonly errorLog: string;
  /** For the server's temporary files, and the only folder that its SQL may read and write files in. */
  readonly temporary: string;
  /** What of the server's options is not among its arguments. */
  readonly optionFile: string;
  /** Statements that make the user, for the server alone to read. */
  readonly initFile: string;
  /** An option file for client programs, for us alone to read. */
  readonly clientFile: string;
  /** What that file says. */
  readonly login: MysqlOptions;
}

interface Contents {
  /** Of the option file. */
  readonly options: string;
  /** Whether the statements that make the user must not be logged. */
  readonly silencesBinlog: boolean;
}

/** In the scratch folder: the server's own folder, and its socket there. */
const RUN = 'run';
const SOCKET = 's';

const PURPOSE = 'server';

/** Bytes of a socket's path. Source: sun_path of unix(7). */
const LONGEST_PATH = 107;

/**
 * Makes it in TMPDIR, or in another usual folder where a socket's path would be too long there, or the account may not enter; removes first
 * what killed runs have left, after it has ended their servers. Throws a TwinDbError.
 */
export async function makeServerFolder(
  account: Account | undefined,
  contents: Contents,
  signal: AbortSignal,
): Promise<ServerFolder> {
  const parent = await chooseParent(account, signal);
  const scratch = await makeScratchFolder(PURPOSE, { parent, endUsers: endUsersOf });
  try {
    return {
      ...(await fill(scratch.path, account, contents)),
      [Symbol.asyncDispose]: scratch[Symbol.asyncDispose],
    };
  } catch (error) {
    await scratch[Symbol.asyncDispose]();
    throw error;
  }
}

async function chooseParent(account: Account | undefined, signal: AbortSignal): Promise<string> {
  // A name of this process is as long as any other.
  const behind = Buffer.byteLength(`/twindb-${PURPOSE}-${newPartialName()}/${RUN}/${SOCKET}`);
  for (const folder of [tmpdir(), '/tmp', '/var/tmp']) {
    const isShort = Buffer.byteLength(folder) + behind <= LONGEST_PATH;
    if (isShort && (account === undefined || (await mayEnter(account, folder, signal)))) return folder;
  }
  throw new TwinDbError('There is no folder for the socket of a private server', {
    remedy: 'Let TMPDIR name a folder with a short path that the account mysql may enter.',
  });
}

async function fill(
  folder: string,
  account: Account | undefined,
  { options, silencesBinlog }: Contents,
): Promise<Omit<ServerFolder, typeof Symbol.asyncDispose>> {
  const run = join(folder, RUN);
  const own = async (path: string): Promise<string> => {
    if (account !== undefined) await chown(path, account.uid, account.gid);
    return path;
  };
  const makeFolder = async (path: string): Promise<string> => {
    await mkdir(path, { mode: 0o700 });
    return await own(path);
  };
  if (account !== undefined) {
    // It passes through here and sees nothing: the client file beside its own folder is root's.
    await chown(folder, -1, account.gid);
    await chmod(folder, 0o710);
  }
  await makeFolder(run);
  const temporary = await makeFolder(join(run, 'tmp'));
  const user = `twindb_${randomBytes(4).toString('hex')}`;
  // Whatever a plugin of the copy's server asks of passwords; no character needs quoting.
  const password = `aA1_${randomBytes(24).toString('base64url')}`;
  const socket = join(run, SOCKET);
  const write = async (name: string, content: string): Promise<string> => {
    const path = join(run, name);
    await writeFile(path, content, { mode: 0o600 });
    return await own(path);
  };
  const initFile = await write('init.sql', makeUser(user, password, silencesBinlog));
  const optionFile = await write('my.cnf', options);
  const clientFile = join(folder, 'client.cnf');
  const lines = ['[client]', `user = ${user}`, `password = "${password}"`, `socket = "${socket}"`, ''];
  await writeFile(clientFile, lines.join('\n'), { mode: 0o600 });
  return {
    socket,
    pidFile: join(run, 'pid'),
    errorLog: join(run, 'error.log'),
    temporary,
    optionFile,
    initFile,
    clientFile,
    login: {
      file: clientFile,
      user,
      password: new Secret(password),
      host: 'localhost',
      port: 0,
      socket,
      ssl: { mode: 'disabled', ca: undefined, cert: undefined, key: undefined, cipher: undefined },
      arguments: [],
    },
  };
}

/** A statement a line: older servers read no others. */
function makeUser(user: string, password: string, silencesBinlog: boolean): string {
  const lines = [
    ...(silencesBinlog ? ['SET sql_log_bin=0;'] : []),
    `CREATE USER '${user}'@'localhost' IDENTIFIED BY '${password}';`,
    `GRANT ALL ON *.* TO '${user}'@'localhost' WITH GRANT OPTION;`,
    '',
  ];
  return lines.join('\n');
}
