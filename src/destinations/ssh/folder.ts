import type { FileEntry } from 'ssh2';
import { isSegment } from '../check-key.ts';
import type { ListingGuard } from '../listing-guard.ts';
import { unlessAbsent } from './files.ts';
import { END_OF_FILE, type SftpSession, statusOf } from './session.ts';

/** What is in a folder; see `readPages`. */
export async function* readFolder(
  session: SftpSession,
  path: string,
  guard: ListingGuard,
): AsyncGenerator<FileEntry> {
  for await (const page of readPages(session, path, guard)) yield* page;
}

/**
 * What is in a folder, in the order and in the portions of the server, without what can be no part of a key, such as `.` and `..`; an absent folder
 * is empty. `guard` ends it when the server does not.
 */
export async function* readPages(
  session: SftpSession,
  path: string,
  guard: ListingGuard,
): AsyncGenerator<FileEntry[]> {
  guard.checkFolder(path);
  const handle = await unlessAbsent(session.call<Buffer>((sftp, answer) => sftp.opendir(path, answer)));
  if (handle === undefined) return;
  const checkPage = guard.startPages();
  try {
    for (;;) {
      const page = await readPage(session, handle);
      if (page === undefined) return;
      checkPage(page.length, page.at(-1)?.filename);
      yield page.filter(({ filename }) => isSegment(filename));
    }
  } finally {
    // What ended the listing is what matters, and the answer is not worth a round trip for each folder.
    session.call((sftp, answer) => sftp.close(handle, answer)).catch(() => undefined);
  }
}

/** The next names of an open folder; undefined at its end. */
async function readPage(session: SftpSession, handle: Buffer): Promise<FileEntry[] | undefined> {
  try {
    return await session.call<FileEntry[]>((sftp, answer) => sftp.readdir(handle, answer));
  } catch (error) {
    if (statusOf(error) === END_OF_FILE) return undefined;
    throw error;
  }
}
