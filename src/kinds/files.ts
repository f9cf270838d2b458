import type { FileCopy } from '../copies/file-copy.ts';
import { RUN_TYPES, type RunType } from '../copies/run-type.ts';
import { findShrinkage, keepFromBefore, type MeasuredCopy } from '../retention/find-shrinkage.ts';
import { keepPinned } from '../retention/keep-pinned.ts';
import { findExpirable } from '../retention/own-copies.ts';
import { type Decision, planRetention } from '../retention/plan.ts';
import { isTime, type Status } from '../status/entries.ts';
import { readNumber } from '../status/read-number.ts';
import { statusFormat } from '../status/status-format.ts';
import {
  type AttributeTable,
  asNumber,
  asText,
  asTexts,
  optional,
  required,
  signedIn,
} from './attribute-table.ts';
import { type KeepingPlace, type Kind, type Review, storedAs } from './kind.ts';
import { PIN_FIELD } from './pin-field.ts';
import { WRITER_FIELDS } from './writer-fields.ts';

const asTime = (value: unknown) => (isTime(value) ? value : undefined);

const TABLE: AttributeTable<Omit<FileCopy, 'key'>> = {
  host: required('host', asText),
  runType: required('run_type', (_, { parsed }) => parsed.runType),
  name: required('name', asText),
  sourcePath: required('source_path', asText),
  backupStarted: required('backup_started', asTime),
  backupFinished: required('backup_finished', asTime),
  size: required('size', asNumber),
  sha256: required('sha256', asText),
  unpackedSize: optional('unpacked_size', asNumber),
  chain: required('chain', (value) => asTexts(value) ?? []),
  ...WRITER_FIELDS,
  members: optional('members', asNumber),
  ...PIN_FIELD,
};

/** The status of file copies; the Python tool knows nothing of it. */
export const FILES_STATUS = statusFormat({
  name: 'files-status',
  kind: 'files',
  signed: signedIn(TABLE),
  timeOf: ({ backup_started }) => asTime(backup_started),
  identityOf: ({ backup_started }) => readNumber(backup_started),
});

/** Copies of directories. */
export const FILES: Kind<FileCopy> = {
  ...storedAs<FileCopy>({
    formats: { destination: FILES_STATUS, local: FILES_STATUS },
    table: TABLE,
    requireReadable: () => undefined,
  }),
  async plan(status, made, place) {
    const expirable = findExpirable(FILES.copies(status), made, {
      unitOf,
      isJustMade: ({ key }) => key === made.key,
    });
    const when = { now: made.backupFinished, justMade: made.key };
    return planSource(
      expirable.filter((other) => isOfSameSource(made, other)),
      [made.runType],
      when,
      place,
    );
  },
  dated: (copy) => copy,
  measured: measure,
  futureMeans: 'Retention counts such copies as the oldest',
  examine: async (found) => (await import('./examine-files.ts')).examineFiles(found),
};

/** What retention decides in a place about the copies of these directories when none was just made. */
export function reviewFiles(
  status: Status,
  { us, host, now, directories }: Review & { readonly directories: readonly string[] },
  place: KeepingPlace,
): Decision<FileCopy>[] {
  const expirable = findExpirable(FILES.copies(status), us, { unitOf });
  return directories.flatMap((sourcePath) =>
    planSource(
      expirable.filter((copy) => isOfSameSource({ host, sourcePath }, copy)),
      RUN_TYPES,
      { now },
      place,
    ),
  );
}

/** What it decides about those of `copies`, all of one directory, that are of these run types. */
function planSource(
  copies: readonly FileCopy[],
  runTypes: readonly RunType[],
  when: { readonly now: number; readonly justMade?: string },
  { counts, role, trustsShrinking }: KeepingPlace,
): Decision<FileCopy>[] {
  const decisions = runTypes.flatMap((each) =>
    planRetention(
      copies.filter(({ runType }) => runType === each),
      { ...when, count: counts[each], alwaysKeepNewest: role === 'destination' },
    ),
  );
  const shrinkage = trustsShrinking ? undefined : findShrinkage(copies.map(measure), when);
  return keepPinned(keepFromBefore(decisions, shrinkage));
}

/** Retention is that of one directory and run type. */
function unitOf({ host, runType, sourcePath }: FileCopy): string {
  return [host, runType, sourcePath].join('\0');
}

function isOfSameSource(
  copy: Pick<FileCopy, 'host' | 'sourcePath'>,
  other: Pick<FileCopy, 'host' | 'sourcePath'>,
): boolean {
  return other.host === copy.host && other.sourcePath === copy.sourcePath;
}

function measure({ key, backupStarted, sourcePath, unpackedSize, size, members }: FileCopy): MeasuredCopy {
  // The directory itself is one.
  const isEmpty = members !== undefined && members <= 1;
  return { key, backupStarted, source: sourcePath, unpackedSize, size, isEmpty };
}
