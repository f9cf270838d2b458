import { InvalidArgumentError } from 'commander';

/** Date, then time and zone or not: the forms of ISO 8601 that people type, with a blank or a T between. */
const MOMENT = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.(\d+))?)?)(Z|[+-]\d\d:?\d\d)?)?$/;

/** A moment as it was typed. */
interface ReadMoment {
  readonly moment: Date;
  /** The digits behind the seconds; Date has three of them. */
  readonly fraction: string;
  /** Whether it has `Z` or an offset; otherwise the zone of this host was assumed. */
  readonly hasZone: boolean;
}

/**
 * Reads a moment for an option of the command line: `2026-01-31` is the beginning of that day, and times without a zone are this host's, as in the
 * names of copies. Throws commander's error, which it turns into a message about the option.
 */
export function parseMoment(text: string): Date {
  return readMoment(text).moment;
}

/** The same with all that was typed. Throws as `parseMoment`. */
export function readMoment(text: string): ReadMoment {
  const [, date = '', time = '00:00', fraction = '', zone = ''] = MOMENT.exec(text) ?? [];
  const moment = new Date(`${date}T${time}${zone}`);
  const day = new Date(`${date}T00:00Z`);
  const isValid = ![day, moment].some((each) => Number.isNaN(each.getTime()));
  // Date takes 31 February for a day in March.
  if (isValid && day.toISOString().startsWith(date)) return { moment, fraction, hasZone: zone !== '' };
  throw new InvalidArgumentError(
    'It must be a time such as 2026-01-31, "2026-01-31 14:30" or 2026-01-31T14:30:00Z.',
  );
}
