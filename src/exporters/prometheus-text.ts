import { RUN_TYPE_TABLE } from '../copies/run-type.ts';
import type { Outcome, Report } from './report.ts';

/** The first line of the file, by which it is known as ours. */
export const FIRST_LINE = '# Written by twindb-backup, which replaces this file with every run.';

/** The values of the file by their series, such as `twindb_backup_last_run_succeeded{type="mysql",…}`. */
export type Samples = ReadonlyMap<string, number>;

interface Family {
  readonly name: string;
  readonly help: string;
  /** Undefined: this outcome says nothing new. */
  readonly valueOf: (outcome: Outcome) => number | undefined;
}

const INTERVAL = 'interval_seconds';

const FAMILIES: readonly Family[] = [
  {
    name: INTERVAL,
    help: 'How long it is from one run to the next, for all that the configuration backs up.',
    // The configuration tells it.
    valueOf: () => undefined,
  },
  {
    name: 'last_run_timestamp_seconds',
    help: 'When the last one ended, whether it succeeded or not.',
    valueOf: ({ finished }) => finished,
  },
  {
    name: 'last_run_succeeded',
    help: '1 when the last one succeeded, 0 when it failed.',
    valueOf: ({ succeeded }) => Number(succeeded),
  },
  {
    name: 'last_success_timestamp_seconds',
    help: 'When the last successful one ended.',
    valueOf: ({ succeeded, finished }) => (succeeded ? finished : undefined),
  },
  {
    name: 'last_success_duration_seconds',
    help: 'How long the last successful one took.',
    valueOf: ({ succeeded, duration }) => (succeeded ? duration : undefined),
  },
  {
    name: 'last_success_size_bytes',
    help: 'How much the last successful one stored on the destination.',
    valueOf: (outcome) => (outcome.succeeded && outcome.work === 'backup' ? outcome.size : undefined),
  },
  {
    name: 'last_success_rpo_seconds',
    help: 'How old the newest change was that the last successful one brought back.',
    valueOf: (outcome) => (outcome.succeeded && outcome.work === 'recovery' ? outcome.rpo : undefined),
  },
];

const WORKS = ['backup', 'restore', 'recovery'] as const satisfies readonly Outcome['work'][];

/** The samples with what a report says, without those of backups that are no longer configured. */
export function update(samples: Samples, { outcomes, configured }: Report): Samples {
  const intervals = configured?.map(
    (each) => [labelsOf({ work: 'backup', ...each }), RUN_TYPE_TABLE[each.runType].interval] as const,
  );
  const kept = intervals && new Set(intervals.map(([labels]) => labels));
  const isCurrent = (series: string) =>
    kept === undefined || !series.startsWith('twindb_backup_') || kept.has(series.slice(series.indexOf('{')));
  const fresh = outcomes.flatMap((outcome) =>
    FAMILIES.flatMap(({ name, valueOf }): [string, number][] => {
      const value = valueOf(outcome);
      return value === undefined ? [] : [[`twindb_${outcome.work}_${name}${labelsOf(outcome)}`, value]];
    }),
  );
  const planned = (intervals ?? []).map(
    ([labels, seconds]) => [`twindb_backup_${INTERVAL}${labels}`, seconds] as const,
  );
  return new Map([...[...samples].filter(([series]) => isCurrent(series)), ...planned, ...fresh]);
}

type Labelled =
  | (Pick<Extract<Outcome, { work: 'backup' }>, 'media' | 'source' | 'runType'> & { readonly work: 'backup' })
  | (Pick<Outcome, 'media'> & { readonly work: 'restore' | 'recovery' });

function labelsOf(of: Labelled): string {
  const labels: readonly (readonly [string, string])[] =
    of.work === 'backup'
      ? [
          ['type', of.media],
          ['source', of.source],
          ['run_type', of.runType],
        ]
      : [['type', of.media]];
  return `{${labels.map(([name, value]) => `${name}="${escapeLabel(value)}"`).join(',')}}`;
}

/** Source: Prometheus text exposition format, label values. */
function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** The file's text: the families in their order, each with the lines that explain it. */
export function format(samples: Samples): string {
  const lines = WORKS.flatMap((work) =>
    FAMILIES.flatMap(({ name, help }) => {
      const family = `twindb_${work}_${name}`;
      const values = [...samples].filter(([series]) => series.startsWith(`${family}{`));
      if (values.length === 0) return [];
      const head = [`# HELP ${family} ${help}`, `# TYPE ${family} gauge`];
      return [...head, ...values.map(([series, value]) => `${series} ${value}`).toSorted()];
    }),
  );
  return `${[FIRST_LINE, ...lines].join('\n')}\n`;
}

/** Reads the samples of a file back; undefined when it is not one of ours. */
export function parse(text: string): Samples | undefined {
  // Empty is what a crash can leave of a file that had just been written.
  if (text !== '' && !text.startsWith(`${FIRST_LINE}\n`)) return undefined;
  // Lines end in a newline only: a name may hold what JavaScript also takes for the end of one.
  const found = text
    .split('\n')
    .map((line) => /^(twindb_(?:backup|restore|recovery)_[a-z_]+\{.*\}) ([0-9.e+-]+)$/s.exec(line));
  return new Map(found.flatMap((match) => (match ? [[match[1] ?? '', Number(match[2])] as const] : [])));
}
