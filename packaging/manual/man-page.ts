import { EXIT } from '../../src/cli/exit-code.ts';
import { type CommandPage, listLeaves } from './command-page.ts';
import { bold, roff, tagged, title } from './roff.ts';

/** twindb-backup(1), of the command tree. */
export function renderManPage(program: CommandPage, version: string): string {
  return `${[
    title('twindb-backup', 1, version),
    '.SH NAME',
    'twindb\\-backup \\- back up directories and MySQL to S3, SSH or a local disk, and restore them',
    '.SH SYNOPSIS',
    ...listLeaves(program)
      .flatMap((command) => [synopsis(command), '.br'])
      .slice(0, -1),
    '.SH DESCRIPTION',
    roff(program.description),
    'Cron, or a systemd timer, takes the backups; an operator lists, restores and verifies them.',
    'What is backed up, where to, and how many copies are kept stands in',
    '.BR twindb\\-backup.cfg (5).',
    '.PP',
    'A run that went well prints nothing when its output is no terminal, so whatever cron mails needs attention.',
    '.SH OPTIONS',
    'These stand before the command.',
    ...program.options.map(({ term, description }) => tagged(term, description)),
    '.SH COMMANDS',
    ...listLeaves(program).flatMap(renderCommand),
    '.SH EXIT STATUS',
    ...EXIT_STATUS.map(([code, meaning]) => tagged(String(code), meaning)),
    '.SH FILES',
    ...FILES.map(([path, meaning]) => tagged(path, meaning)),
    '.SH EXAMPLES',
    '.EX',
    ...EXAMPLES.map(roff),
    '.EE',
    '.SH SEE ALSO',
    '.BR twindb\\-backup.cfg (5),',
    '.BR crontab (5),',
    '.BR systemd.timer (5)',
  ].join('\n')}\n`;
}

const EXIT_STATUS: readonly (readonly [number | string, string])[] = [
  [EXIT.success, 'all went well'],
  [EXIT.failure, 'something failed; stderr says what, why, and what to do'],
  [EXIT.usage, 'the command line makes no sense'],
  [EXIT.config, 'the configuration file is missing or wrong; the message names file, section and option'],
  ['130, 143, 129', 'ended by SIGINT, SIGTERM or SIGHUP, after cleaning up'],
];

const FILES: readonly (readonly [string, string])[] = [
  ['/etc/twindb/twindb-backup.cfg', 'the configuration; it may hold secrets, so only root may read it'],
  ['/etc/cron.d/twindb-backup', 'when backups are taken'],
  ['/etc/logrotate.d/twindb-backup', 'rotates /var/log/twindb-backup.json, for [log] file'],
  ['/var/log/twindb-backup-measures.log', 'how long the last 100 runs took'],
];

const EXAMPLES: readonly string[] = [
  'twindb-backup backup daily',
  'twindb-backup ls --type files',
  'twindb-backup restore file COPY --dst /restored',
];

function synopsis(command: CommandPage): string {
  const rest = [...command.arguments.map(({ term }) => term), '[options]'].join(' ');
  return `${bold(`twindb-backup ${command.path.join(' ')}`)} ${roff(rest)}`;
}

function renderCommand(command: CommandPage): string[] {
  return [
    `.SS ${command.path.join(' ')}`,
    synopsis(command),
    '.PP',
    roff(command.description),
    ...[...command.arguments, ...command.options].map(({ term, description }) => tagged(term, description)),
  ];
}
