import { ageOf, identityOf } from '../catalogue/choose-copies.ts';
import type { MarkedCopy } from '../catalogue/mark-listed.ts';
import { formatTime } from '../copies/names.ts';
import { quoteForShell } from '../copies/quote-for-shell.ts';
import { quoteLocation } from '../copies/quote-location.ts';
import { formatBytes, formatDuration, formatShortAge } from '../units.ts';
import { type KnownOfCopy, knownOf } from './known-of-copy.ts';
import { type Column, fitsInto, layOutTable, USUAL_WIDTH, wrapWords } from './table.ts';

interface TableOptions {
  /** Also duration and LSN. */
  readonly long: boolean;
  /** Whether there is a keep_local_path. */
  readonly hasLocal: boolean;
  /** Whether the destination could be listed, so that what is not in the list is not there. */
  readonly isComplete: boolean;
  /** In seconds since the epoch. */
  readonly now: number;
  /** Columns of the terminal. */
  readonly width?: number;
}

/** A copy, wherever it is. */
interface Row {
  readonly copy: MarkedCopy;
  readonly known: KnownOfCopy;
  readonly local: 'yes' | 'no' | 'only';
}

const BEGUN: Column = { title: 'BEGUN' };
const AGE: Column = { title: 'AGE', isNumber: true };
const SIZE: Column = { title: 'SIZE', isNumber: true };
const TYPE: Column = { title: 'TYPE' };
const LONG: readonly Column[] = [
  { title: 'DURATION', isNumber: true },
  { title: 'LSN', isNumber: true },
];
const LOCAL: Column = { title: 'LOCAL' };
const COPY: Column = { title: 'COPY' };

const INDENT = '  ';

/**
 * Copies for a person, the newest last, one that is in both places once. What the commands take is the key, which is never broken or shortened: where
 * it does not fit beside the other columns it gets a line of its own, and on a narrow terminal those get several.
 */
export function copiesTable(copies: readonly MarkedCopy[], options: TableOptions): string[] {
  const { long, hasLocal, width = USUAL_WIDTH } = options;
  const rows = joinPlaces(copies, options);
  const columns = [BEGUN, AGE, SIZE, TYPE, ...(long ? LONG : []), ...(hasLocal ? [LOCAL] : [])];
  const cells = rows.map((row) => cellsOf(row, options));
  const oneLine = layOutTable(
    [...columns, COPY],
    rows.map((row, at) => [...(cells[at] ?? []), keyFor(row)]),
  );
  if (fitsInto(oneLine, width)) {
    const [titles = '', ...lines] = oneLine;
    return [titles, ...lines.flatMap((line, at) => withNotes(line, notesOf(rows[at]), width))];
  }
  const details = layOutTable(columns, cells);
  if (fitsInto(details, width)) {
    const [titles = '', ...lines] = details;
    const below = (row: Row | undefined) =>
      row === undefined ? [] : withNotes(INDENT + keyFor(row), notesOf(row), width);
    return [titles, INDENT + COPY.title, ...lines.flatMap((line, at) => [line, ...below(rows[at])])];
  }
  return rows.flatMap((row, at) => [
    ...wrapWords(wordsOf(row, cells[at] ?? [], columns), width),
    ...withNotes(INDENT + keyFor(row), notesOf(row), width),
  ]);
}

/** Both objects of a copy in one row: what the status at the destination says counts more. */
function joinPlaces(copies: readonly MarkedCopy[], { isComplete }: TableOptions): Row[] {
  const stored = copies.filter(({ place }) => place === 'destination');
  const kept = new Set(copies.filter(({ place }) => place === 'local').map(identityOf));
  const known = new Set(stored.map(identityOf));
  const rows = copies.flatMap((copy): Row[] => {
    if (copy.place === 'local' && known.has(identityOf(copy))) return [];
    const onlyLocal = isComplete ? 'only' : 'yes';
    const local = copy.place === 'local' ? onlyLocal : kept.has(identityOf(copy)) ? 'yes' : 'no';
    return [{ copy, known: knownOf(copy.attributes), local }];
  });
  return rows.toSorted(
    ({ copy: a }, { copy: b }) =>
      a.times.started - b.times.started ||
      (a.object.key < b.object.key ? -1 : Number(a.object.key > b.object.key)),
  );
}

function cellsOf({ copy, known, local }: Row, { long, hasLocal, now }: TableOptions): string[] {
  const { times, object } = copy;
  const { duration, lsn } = known;
  const age = ageOf(copy, now);
  return [
    // Seconds would take room, and the name has them.
    formatTime(times.started).slice(0, -3),
    age === undefined ? 'future' : formatShortAge(age),
    formatBytes(object.size),
    typeOf(copy, known),
    ...(long ? [duration === null ? '-' : formatDuration(duration), String(lsn ?? '-')] : []),
    ...(hasLocal ? [local] : []),
  ];
}

/** Full or incremental, of MySQL; the kind of the other copies. */
function typeOf({ parsed }: MarkedCopy, { backup_type }: KnownOfCopy): string {
  return parsed.media === 'mysql' && backup_type !== null ? quoteLocation(backup_type) : parsed.media;
}

/** What an operator copies into another command, as a shell takes it. */
function keyFor({ copy: { object, location } }: Row): string {
  // It would be taken for an option.
  return quoteForShell(object.key.startsWith('-') ? location : object.key);
}

/** What else there is to say of a copy. */
function notesOf(row: Row | undefined): string[] {
  if (row === undefined) return [];
  const { copy, known } = row;
  return [
    ...(known.parent === null ? [] : [`<- ${quoteLocation(known.parent)}`]),
    ...(copy.listed === false ? ['(not in the status)'] : []),
  ];
}

/** The notes behind a line where they fit, else below it. */
function withNotes(line: string, notes: readonly string[], width: number): string[] {
  const joined = [line, ...notes].join(INDENT);
  return fitsInto([joined], width) ? [joined] : [line, ...notes.map((note) => INDENT + INDENT + note)];
}

/** The cells where there is no room for titles: what a cell does not show by itself is said. */
function wordsOf({ local }: Row, cells: readonly string[], columns: readonly Column[]): string[] {
  return columns.flatMap(({ title }, at) => {
    const cell = cells[at] ?? '';
    if (title === AGE.title) return [cell === 'future' ? 'in the future' : `${cell} ago`];
    if (title === LOCAL.title)
      return local === 'no' ? [] : [local === 'only' ? 'only kept locally' : 'kept locally'];
    if (!LONG.some((each) => each.title === title)) return [cell];
    return cell === '-' ? [] : [`${title} ${cell}`];
  });
}
