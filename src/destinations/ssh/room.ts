import type { SftpSession } from './session.ts';

/** What OpenSSH says of a file system. Source: its PROTOCOL file, statvfs@openssh.com. */
interface FileSystem {
  /** Size of the blocks that are counted, in bytes. */
  readonly f_frsize: number | bigint;
  /** Blocks that are left for users other than root. */
  readonly f_bavail: number | bigint;
}

/** Bytes that the file system of a folder has left; undefined when the server does not tell. */
export async function measureRoom(session: SftpSession, folder: string): Promise<number | undefined> {
  const found = await session.callExtension<FileSystem>((sftp, answer) =>
    sftp.ext_openssh_statvfs(folder, answer),
  );
  if (found === undefined || found === true) return undefined;
  const room = Number(found.f_bavail) * Number(found.f_frsize);
  // Of an answer that is cut off nothing is left but NaN.
  return Number.isFinite(room) ? room : undefined;
}
