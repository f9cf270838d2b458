import { formatTime } from '../copies/names.ts';
import { quoteLocation } from '../copies/quote-location.ts';
import { describeError } from '../errors.ts';
import type { SourceSummary, SummarisedCopy } from '../jobs/summary/source-summary.ts';
import { type HostSummary, type Room, summariseHost } from '../jobs/summary/summarise-host.ts';
import { isFromFuture } from '../retention/newest-first.ts';
import { formatBytes, formatDuration, formatShortAge, toSeconds } from '../units.ts';
import type { CommandContext } from './command.ts';
import { PLACES } from './copy-as-json.ts';
import { type Column, fitsInto, layOutTable, USUAL_WIDTH, wrapWords } from './table.ts';

/** Prints a host at a glance, as text or as one JSON document. Returns false when something could not be read. */
export async function printSummary(host: string, json: boolean, context: CommandContext): Promise<boolean> {
  const summary = await summariseHost(host, context);
  for (const failure of summary.failures) context.log.error(describeError(failure));
  if (json) context.print(JSON.stringify(toJson(summary, context), undefined, 2));
  else for (const line of describe(summary, context)) context.print(line);
  return summary.failures.length === 0;
}

/** The documented shape of `status --summary --json`; see docs/usage.md. */
function toJson({ host, sources, rooms, newestSize, lastRun }: HostSummary, context: CommandContext): object {
  const now = toSeconds(context.now());
  return {
    host,
    destination: context.destination.url,
    sources: sources.map(({ media, source, newest, growth, verified, ...rest }) => ({
      type: media,
      source,
      configured: rest.isConfigured ?? null,
      late: rest.isLate ?? null,
      copies: rest.copies,
      last_success: newest?.finished ?? null,
      age: newest === undefined || isOfFuture(newest, now) ? null : Math.max(0, now - newest.finished),
      key: newest?.key ?? null,
      run_type: newest?.runType ?? null,
      size: newest?.size ?? null,
      sizes: rest.sizes,
      growth: growth ?? null,
      verified: verified?.success ?? null,
      verification_failed: verified?.failure ?? null,
    })),
    newest_size: newestSize,
    room: rooms.map(({ place, url, free }) => ({ place: PLACES[place], url, free: free ?? null })),
    last_run: lastRun ?? null,
  };
}

const COLUMNS: readonly Column[] = [
  { title: 'SOURCE' },
  { title: 'LAST SUCCESS' },
  { title: 'AGE', isNumber: true },
  { title: 'SIZE', isNumber: true },
  { title: 'TREND' },
  { title: 'COPIES', isNumber: true },
  { title: 'VERIFIED' },
  { title: '' },
];

function describe(
  summary: HostSummary,
  { interactive, columns, destination, now }: CommandContext,
): string[] {
  const width = interactive ? (columns ?? USUAL_WIDTH) : Number.POSITIVE_INFINITY;
  const at = toSeconds(now());
  const { sources, rooms, newestSize, lastRun } = summary;
  const rows = sources.map((source) => cellsOf(source, at));
  const table = layOutTable(COLUMNS, rows);
  const sentence = (...parts: readonly string[]) => wrapWords(parts, width, ' ');
  return [
    ...sentence(`Host ${quoteLocation(summary.host)}`, `on ${quoteLocation(destination.url)}`),
    '',
    ...(fitsInto(table, width) ? table : rows.flatMap((row) => wrapWords(wordsOf(row), width))),
    ...(sources.length === 0 ? ['Nothing is configured, and no status lists a copy'] : []),
    '',
    ...rooms.flatMap((room) => sentence(...wordsOfRoom(room, newestSize))),
    ...(lastRun === undefined
      ? []
      : sentence(
          'The last run on this machine ended',
          formatTime(lastRun.finish),
          `and took ${formatDuration(lastRun.duration)}`,
        )),
    ...sentence('VERIFIED is when verify', 'has last succeeded on this machine'),
  ];
}

function cellsOf({ source, newest, copies, verified, ...rest }: SourceSummary, now: number): string[] {
  const notes = [
    ...(rest.isLate ? ['late'] : []),
    ...(rest.isConfigured === false ? ['not configured any more'] : []),
  ];
  return [
    quoteLocation(source),
    newest === undefined ? 'never' : formatTime(newest.finished).slice(0, -3),
    newest === undefined ? '-' : isOfFuture(newest, now) ? FUTURE : ageOf(newest.finished, now),
    newest?.size === undefined ? '-' : formatBytes(newest.size),
    trendOf(rest),
    String(copies),
    describeVerified(verified, now),
    notes.join(', '),
  ];
}

/** What a copy has for an age that is dated after now: nothing shows how old it is. */
const FUTURE = 'future';

function isOfFuture({ started }: Pick<SummarisedCopy, 'started'>, now: number): boolean {
  return isFromFuture({ backupStarted: started }, now);
}

function ageOf(time: number, now: number): string {
  return formatShortAge(Math.max(0, now - time));
}

/** `+3% in 7d`: by how much the complete copies have grown, and in how long. */
function trendOf({ growth, sizes }: Pick<SourceSummary, 'growth' | 'sizes'>): string {
  const [first, last] = [sizes[0], sizes.at(-1)];
  if (growth === undefined || first === undefined || last === undefined) return '-';
  const percent = Math.round(growth * 100);
  return `${percent > 0 ? '+' : ''}${percent}% in ${formatShortAge(Math.max(0, last.finished - first.finished))}`;
}

function describeVerified(verified: SourceSummary['verified'], now: number): string {
  if (verified?.failure !== undefined) return `FAILED ${ageOf(verified.failure.finished, now)} ago`;
  return verified?.success === undefined ? 'never' : `${ageOf(verified.success.finished, now)} ago`;
}

/** The cells where there is no room for titles. */
function wordsOf([
  source = '',
  last = '',
  age = '',
  size = '',
  trend = '',
  copies = '',
  ...rest
]: string[]): string[] {
  const [verified = '', notes = ''] = rest;
  return [
    source,
    last === 'never' ? 'no copy yet' : `${last}, ${age === FUTURE ? 'in the future' : `${age} ago`}`,
    ...(size === '-' ? [] : [size]),
    ...(trend === '-' ? [] : [trend]),
    `${copies} ${copies === '1' ? 'copy' : 'copies'}`,
    verified.startsWith('FAILED') ? `verification ${verified}` : `verified ${verified}`,
    ...(notes === '' ? [] : [notes]),
  ];
}

function wordsOfRoom({ place, url, free }: Room, newestSize: number): string[] {
  const where = `Room on ${quoteLocation(url)}:`;
  if (free === undefined) return [where, 'it does not say how much there is'];
  const isKnown = place === 'destination' && newestSize > 0;
  return [
    where,
    `${formatBytes(free)} free${isKnown ? ';' : ''}`,
    ...(isKnown ? [`the newest copies took ${formatBytes(newestSize)}`] : []),
  ];
}
