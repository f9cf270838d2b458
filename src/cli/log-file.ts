import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Doubt } from '../config/doubtful-files.ts';
import { TwinDbError } from '../errors.ts';
import { findFolderWriters } from '../jobs/folder-writers.ts';
import { ownAccounts } from '../writers.ts';

/** What it says of a database is no one else's business; the group is for those who collect logs. */
const MODE = 0o640;

/**
 * Adds a line to a log file, which is made where it is absent. It is opened for each line: after logrotate has renamed it, or
 * an operator has deleted it, a run that lasts goes on in the file of that name, and is not told so. A link, or
 * anything else than an ordinary file with one name, is refused: who may write to its folder must not choose
 * what root writes to. Throws the reason why the line could not be written as a whole; the next one then begins a line all the same.
 */
export function appendLine(path: string, line: string): void {
  const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  const isNew = !existsSync(path);
  // O_NONBLOCK: a FIFO would wait for a reader.
  const file = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, MODE);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new TwinDbError('it is no ordinary file');
    if (stats.nlink > 1) throw new TwinDbError('it has a second name, a hard link');
    if (isNew) fchmodSync(file, MODE);
    const bytes = Buffer.from(endsInMidLine(file, stats.size) ? `\n${line}` : line);
    for (let offset = 0; offset < bytes.length; ) offset += writeSync(file, bytes, offset);
  } finally {
    closeSync(file);
  }
}

/** Whether the last line was cut, by a full disk or a crash. */
function endsInMidLine(file: number, size: number): boolean {
  const last = Buffer.alloc(1);
  return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last.toString() !== '\n';
}

/** Who else may change a log file by way of its folder; the run goes on. */
export async function findLogFolderDoubts(path: string): Promise<Doubt[]> {
  // A folder that cannot be looked at cannot be written to either, which is warned of anyhow.
  const reason = await findFolderWriters(dirname(path), ownAccounts()).catch(() => undefined);
  if (reason === undefined) return [];
  return [
    {
      state: `writers of ${path}`,
      message: `Other accounts may replace the log file ${path}, as they may change its folder ${dirname(path)}: ${reason}`,
    },
  ];
}
