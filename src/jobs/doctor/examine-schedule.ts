import { existsSync, readdirSync } from 'node:fs';
import { hasCode } from '../../errors.ts';
import { findInPath } from '../../process/find-in-path.ts';
import type { DoctorContext, Report } from './finding.ts';

const CRON_FILE = '/etc/cron.d/twindb-backup';
const TIMERS = '/etc/systemd/system/timers.target.wants';

/** Where Debian and others have it; root's PATH in cron may not. */
const SENDMAIL = ['sendmail', '/usr/sbin/sendmail', '/usr/lib/sendmail'];

/** What starts the runs, and who hears of them. Somebody may do both in another way, so all of it is information. */
export async function examineSchedule({ config }: DoctorContext, report: Report): Promise<void> {
  const timers = listTimers();
  const hasCron = existsSync(CRON_FILE);
  if (hasCron) report.note(`Runs are started by ${CRON_FILE}`);
  if (timers.length > 0) report.note(`Runs are started by systemd: ${timers.join(', ')}`);
  if (!hasCron && timers.length === 0) {
    report.note(`Neither ${CRON_FILE} nor a timer starts runs: see the installation page for both`);
  }
  if (config.notify !== undefined) report.note(`Failures are told as [notify] says (${config.notify.style})`);
  const found = await Promise.all(SENDMAIL.map((name) => findInPath(name)));
  if (found.some((path) => path !== undefined))
    report.note("cron's mail of a failure can be sent (sendmail is there)");
  else if (config.notify === undefined) {
    report.note(
      'Nobody hears of a failure: there is no sendmail for the mail of cron, and no section [notify]',
    );
  }
}

function listTimers(): string[] {
  try {
    return readdirSync(TIMERS).filter((name) => /^twindb-backup@.*\.timer$/.test(name));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
