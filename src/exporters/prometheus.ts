import { dirname } from 'node:path';
import type { ExportConfigOf } from '../config/exporters.ts';
import { hasCode, TwinDbError } from '../errors.ts';
import { readPlainFile, replaceFile } from '../lock/replace-file.ts';
import { holdLock } from '../lock/run-lock.ts';
import { format, parse, type Samples, update } from './prometheus-text.ts';
import type { Exporter } from './report.ts';

/** How long another run may hold the file, in seconds. */
const LOCK_WAIT = 1.5;

/**
 * Brings the file for node_exporter's textfile collector up to date: the values of other runs stay. It is replaced in one
 * step, so that a collector never sees half of it (it reads names that end in .prom only), and readable for everyone, as the
 * collector is not root.
 */
export const exportToPrometheus: Exporter<ExportConfigOf<'prometheus'>> = async (
  { file },
  report,
  signal,
) => {
  try {
    // A backup and a restore that end at once must not lose each other's values.
    await using _lock = await holdLock({
      path: file,
      holding: { what: 'the export of metrics' },
      waitSeconds: LOCK_WAIT,
      signal,
      onLost: () => undefined,
    });
    await replaceFile(file, format(update(await readSamples(file), report)), 0o644);
  } catch (cause) {
    signal.throwIfAborted();
    const isAbsent = hasCode(cause, 'ENOENT') || isMissingFolder(cause);
    throw new TwinDbError(`Cannot write ${file}${isAbsent ? `: there is no folder ${dirname(file)}` : ''}`, {
      cause,
      isExplained: isAbsent,
      remedy: 'Name a file in the folder of the textfile collector with prometheus_file in section [export].',
    });
  }
};

/** What the lock says of it. */
function isMissingFolder(error: unknown): boolean {
  return error instanceof TwinDbError && hasCode(error.cause, 'ENOENT');
}

async function readSamples(file: string): Promise<Samples> {
  const samples = parse((await readPlainFile(file)) ?? '');
  if (samples !== undefined) return samples;
  throw new TwinDbError('the file there is not of this tool, and is left as it is');
}
