import { type Command, Option } from 'commander';
import { unquoteLocation } from '../copies/quote-location.ts';
import { parseDuration } from './parse-duration.ts';
import type { Start } from './start.ts';

const COPY_HELP = 'what ls prints, a key, or a name that only one copy has; without it the copies are listed';

/** What Signature Version 4 allows a URL at most, in days. */
const MAX_SHARE_DAYS = 7;

/** Adds `share`; `start` makes its action. */
export function addShareCommand(program: Command, start: Start): void {
  program
    .command('share')
    .description(
      'Print a URL under which anyone who has it can fetch a copy on S3 for a while. Nothing is made public.',
    )
    .argument('[copy]', COPY_HELP, unquoteLocation)
    .addOption(
      new Option('--expires <time>', 'how long the URL works: 90m, 12h, 2d or seconds, at most 7d')
        .argParser((text) => parseDuration(text, MAX_SHARE_DAYS))
        .default(3600, '1h'),
    )
    .action(start(async () => (await import('../commands/share.ts')).share));
}
