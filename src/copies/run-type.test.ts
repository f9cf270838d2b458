import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { isSoonRunAgain, RUN_TYPES } from './run-type.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

it.each(RUN_TYPES)(
  '%s runs are started, and are in the sample configuration and the documentation',
  (runType) => {
    expect(read('cron.d/twindb-backup')).toContain(`@${runType} root twindb-backup backup ${runType}\n`);
    // The timer itself takes any word that systemd.time(7) knows.
    expect(read('packaging/systemd/twindb-backup@.timer')).toMatch(new RegExp(`^# .*[{,]${runType}[,}]`));
    for (const section of ['retention', 'retention_local'])
      expect(read('packaging/twindb-backup.cfg')).toMatch(
        new RegExp(`^\\[${section}\\]\n(\\w+=.*\n)*${runType}_copies=`, 'm'),
      );
    expect(read('packaging/twindb-backup.cfg')).toContain(`\nrun_${runType}=yes\n`);
    for (const page of ['docs/usage.md', 'docs/installation.md']) expect(read(page)).toContain(runType);
  },
);

it('only an hourly run is soon run again', () => {
  expect(RUN_TYPES.filter(isSoonRunAgain)).toEqual(['hourly']);
});
