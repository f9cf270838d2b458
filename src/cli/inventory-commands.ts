import { type Command, Option } from 'commander';
import { MEDIA } from '../copies/key.ts';
import { unquoteLocation } from '../copies/quote-location.ts';
import { parseDuration } from './parse-duration.ts';
import { parseMoment } from './parse-moment.ts';
import { parseSample } from './parse-sample.ts';
import { ACCEPT, collectCopies, LOCK_FILE, trimSlashes } from './shared-arguments.ts';
import type { Start } from './start.ts';

/** Yearly copies are the oldest that there can be a limit for. */
const MAX_AGE_DAYS = 1000;

/** Adds `ls`, `status` and `check`; `start` makes their actions. */
export function addInventoryCommands(program: Command, start: Start): void {
  program
    .command('ls')
    .description(
      'List the copies of all hosts, one a line: those kept locally first, then by type, run type and name; or what is in one copy.',
    )
    .argument(
      '[copy]',
      'list what is in this copy, without unpacking it to a disk: what ls prints, a key, or a name that only one copy has',
      unquoteLocation,
    )
    .addOption(new Option('--type <type>', 'only copies of this type').choices(MEDIA))
    .option('--hostname <host>', 'only copies of this host')
    .option('--source <source>', 'only copies of this directory, of "mysql" or of "binlog"', trimSlashes)
    .addOption(
      new Option('--since <time>', 'only copies that were finished then or later').argParser(parseMoment),
    )
    .addOption(
      new Option(
        '--before <time>',
        'only copies that were finished by then, as 2026-01-31, "2026-01-31 14:30" or 2026-01-31T14:30Z',
      ).argParser(parseMoment),
    )
    .option('--latest', 'only the newest copy of each host and source')
    .option('-l, --long', 'also print type, size in bytes, duration, LSN and parent')
    .option(
      '--coverage',
      'instead of copies print for each host when every second can be restored, with the binary logs',
    )
    .option('--json', 'print one JSON document with all that is known of each copy, or of each file in it')
    .option(...ACCEPT)
    .action(start(async () => (await import('../commands/ls.ts')).ls));

  program
    .command('status')
    .description('Print what the status file of a host says, as JSON, or a host at a glance.')
    .addOption(new Option('--type <type>', 'whose status (default: "mysql")').choices(MEDIA))
    .option('--hostname <host>', 'the host that took the copies (default: this host)')
    .option(
      '--summary',
      'print a host at a glance: sources, last success, size and its trend, last verification, room',
    )
    .option('--json', 'print JSON, as without this option; with --summary one JSON document')
    .action(start(async () => (await import('../commands/status.ts')).status));

  program
    .command('check')
    .description(
      'Compare the copies that are there with those that the status lists, and test those that it does not list.',
    )
    .argument('[copies...]', 'what ls prints, keys or names (default: all copies)', collectCopies)
    .addOption(new Option('--type <type>', 'only copies of this type').choices(MEDIA))
    .option('--hostname <host>', 'only copies of this host (default: all; with --adopt this host)')
    .option('--read', 'also read the copies that are in the status, and compare their checksums')
    .addOption(
      new Option(
        '--sample <part>',
        'read only a part of those, 5%, 1/20, or 20 of them, and another one the next day; implies --read',
      )
        .argParser(parseSample)
        .implies({ read: true }),
    )
    .option('--adopt', 'enter whole copies that no status knows, so that retention counts them')
    .addOption(
      new Option(
        '--max-age <time>',
        'fail when the newest copy of what this host backs up is older: 90m, 26h, 2d (default: [check] max_age)',
      ).argParser((text) => parseDuration(text, MAX_AGE_DAYS)),
    )
    .option('--lock-file <path>', 'as for backup, while a copy is entered', LOCK_FILE)
    .option('--json', 'print one JSON document with what came of each copy')
    .option(...ACCEPT)
    .action(start(async () => (await import('../commands/check.ts')).check));
}
