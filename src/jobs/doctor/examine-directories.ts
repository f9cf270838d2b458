import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import { captureOutput } from '../../process/capture.ts';
import { openFileSource } from '../../sources/files.ts';
import { requireAnswer } from '../../sources/require-answer.ts';
import type { DoctorContext, Report } from './finding.ts';

/** Whether tar is GNU's, and each directory is there and answers. */
export async function examineDirectories({ config, signal }: DoctorContext, report: Report): Promise<void> {
  const { backupDirs, tarOptions } = config.source;
  if (backupDirs.length === 0) return;
  const says = await captureOutput({ command: 'tar', args: ['--version'], debianPackage: 'tar' }, signal);
  const version = says.split('\n')[0] ?? '';
  if (!version.includes('GNU tar')) {
    throw new TwinDbError(`tar is not GNU tar: it says "${version}"`, {
      remedy: 'Put GNU tar into the PATH of cron.',
    });
  }
  for (const path of backupDirs) {
    try {
      await requireAnswer(path, signal);
      // What it would read is looked at; nothing is.
      await openFileSource(path, { tarOptions, exclude: [] }).open();
      report.ok(`${quoteLocation(path)} is there (${version})`);
    } catch (error) {
      signal.throwIfAborted();
      report.fail(error);
    }
  }
}
