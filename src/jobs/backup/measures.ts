import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { describeError } from '../../errors.ts';
import type { Log } from '../../log.ts';

/** How many runs the log keeps (contract: what a run does). */
const MAX_MEASURES = 100;

/** One run; times in seconds since the epoch, the duration in seconds. */
interface Measure {
  readonly start: number;
  readonly finish: number;
  readonly duration: number;
}

/** Adds a run to the measures log. The backup is safe by then, so a log that cannot be written is a warning. */
export function recordMeasure(
  path: string,
  run: { readonly start: Date; readonly finish: Date },
  log: Log,
): void {
  const [start, finish] = [run.start.getTime() / 1000, run.finish.getTime() / 1000];
  try {
    const measures = [...readMeasures(path, log), { start, finish, duration: finish - start }];
    const content = JSON.stringify({ measures: measures.slice(-MAX_MEASURES) });
    writeFileSync(`${path}.new`, content, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    log.warn(`Cannot write the measures log ${path} (the backup is not affected): ${describeError(error)}`);
  }
}

function readMeasures(path: string, log: Log): Measure[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  try {
    const { measures } = JSON.parse(text) as { measures: Measure[] };
    return [...measures];
  } catch {
    log.warn(`The measures log ${path} was damaged and is begun anew`);
    return [];
  }
}
