import { lstat } from 'node:fs/promises';
import { describeError, hasCode } from '../../errors.ts';
import { readPlainFile, replaceFile } from '../../lock/replace-file.ts';
import type { Log } from '../../log.ts';

/** How many runs the log keeps (contract: what a run does). */
const MAX_MEASURES = 100;

/** One run; times in seconds since the epoch, the duration in seconds. */
export interface Measure {
  readonly start: number;
  readonly finish: number;
  readonly duration: number;
}

/** Adds a run to the measures log, which keeps its mode. The backup is safe by then, so a log that cannot be written is a warning. */
export async function recordMeasure(
  path: string,
  run: { readonly start: Date; readonly finish: Date },
  log: Log,
): Promise<void> {
  const [start, finish] = [run.start.getTime() / 1000, run.finish.getTime() / 1000];
  try {
    const measures = [...(await readMeasures(path, log)), { start, finish, duration: finish - start }];
    const content = JSON.stringify({ measures: measures.slice(-MAX_MEASURES) });
    await replaceFile(path, content, await modeOf(path));
  } catch (error) {
    log.warn(`Cannot write the measures log ${path} (the backup is not affected): ${describeError(error)}`);
  }
}

/** The mode that the log has; a new one is nobody else's business. */
async function modeOf(path: string): Promise<number> {
  try {
    const stats = await lstat(path);
    return stats.isFile() ? stats.mode & 0o777 : 0o600;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0o600;
    throw error;
  }
}

/** The last run that the log has, whatever came of it; undefined where it has none. Never throws. */
export async function readLastRun(path: string, log: Log): Promise<Measure | undefined> {
  try {
    return (await readMeasures(path, log)).at(-1);
  } catch (error) {
    log.warn(`Cannot read the measures log ${path}: ${describeError(error)}`);
    return undefined;
  }
}

async function readMeasures(path: string, log: Log): Promise<Measure[]> {
  const text = await readPlainFile(path);
  if (text === undefined) return [];
  try {
    const { measures } = JSON.parse(text) as { measures: Measure[] };
    return [...measures];
  } catch {
    log.warn(`The measures log ${path} was damaged and is begun anew`);
    return [];
  }
}
