import { expect } from 'vitest';
import type { Machine } from './machine.ts';

export const CONFIG = 'etc/twindb/twindb-backup.cfg';
export const CRON = 'etc/cron.d/twindb-backup';

/** A configuration that the Python tool reads too, but for the local destination. */
export const EDITED = `[source]
backup_dirs=/srv/data
[destination]
backup_destination=local
[local]
backup_dir=/srv/copies
[compression]
program=zstd
`;

/** What the package of the Python tool left, by its name a stand-in: two files in /etc, one of them edited by hand. */
export const PYTHON_CRON = 'MAILTO=dba@example.com\n@daily root twindb-backup backup daily\n';

/** The tool backs up and restores on that machine, in silence, with its own configuration. */
export function expectWorks(machine: Machine): void {
  machine.write('srv/data/a file', 'content\n');
  expect(machine.must('rm -rf /srv/copies /restored; twindb-backup backup daily')).toBe('');
  const copy = machine.must('twindb-backup ls').trim();
  expect(copy).toMatch(/^\/srv\/copies\/.*\/daily\/files\/_srv_data-.*\.tar\.zst$/);
  expect(machine.must(`twindb-backup restore file '${copy}' --dst /restored`)).toBe('');
  expect(machine.must('diff -r /srv/data /restored/srv/data')).toBe('');
}

/** A new machine has the sample for root alone, the cron file, and what a user looks for. */
export function expectFresh(machine: Machine): void {
  expect(machine.read(CONFIG)).toContain('\nprogram=zstd\n');
  expect(machine.mode(CONFIG)).toBe(0o600);
  expect(machine.read(CRON).match(/^@\w+ root twindb-backup backup \w+$/gm)).toHaveLength(5);
  expect(machine.mode(CRON)).toBe(0o644);
  expect(machine.must('twindb-backup --version')).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(machine.must('zcat /usr/share/man/man1/twindb-backup.1.gz')).toContain('.SH SYNOPSIS');
  expect(machine.must('zcat /usr/share/man/man5/twindb-backup.cfg.5.gz')).toContain('backup_dirs');
  expect(machine.exists('usr/share/bash-completion/completions/twindb-backup')).toBe(true);
  expect(machine.read('etc/logrotate.d/twindb-backup')).toContain('/var/log/twindb-backup.json {');
  expect(machine.exists('usr/lib/systemd/system/twindb-backup@.timer')).toBe(true);
}

/** The drivers that are loaded only when they are configured came along: they get as far as the missing network. */
export function expectDrivers(machine: Machine): void {
  const s3 =
    '[s3]\nBUCKET=b\nAWS_ACCESS_KEY_ID=a\nAWS_SECRET_ACCESS_KEY=s\nendpoint_url=http://127.0.0.1:9\n';
  const ssh = '[ssh]\nbackup_host=127.0.0.1\nssh_key=/srv/key\n';
  machine.write('srv/s3.cfg', `[destination]\nbackup_destination=s3\n${s3}`, 0o600);
  machine.write('srv/ssh.cfg', `[destination]\nbackup_destination=ssh\n${ssh}`, 0o600);
  machine.write(
    'srv/mysql.cfg',
    `${EDITED.replace('[source]', '[source]\nbackup_mysql=yes')}[mysql]\n`,
    0o600,
  );
  machine.write('root/.my.cnf', '[client]\nuser=root\npassword=x\nhost=127.0.0.1\n', 0o600);
  for (const [name, command] of [
    ['s3', 'ls'],
    ['ssh', 'ls'],
    ['mysql', 'backup hourly'],
  ]) {
    const { exitCode, output } = machine.run(`twindb-backup --config /srv/${name}.cfg ${command}`);
    expect(exitCode).toBe(1);
    expect(output).toMatch(/^ERROR: .*(127\.0\.0\.1|srv\/key)/m);
    expect(output).not.toMatch(/Cannot find (module|package)|ERR_MODULE_NOT_FOUND/);
  }
}
