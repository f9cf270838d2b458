import type { FileCopy } from '../copies/file-copy.ts';
import { findShrinkage, keepFromBefore, type MeasuredCopy } from '../retention/find-shrinkage.ts';
import { findExpirable } from '../retention/own-copies.ts';
import { planRetention } from '../retention/plan.ts';
import { isTime } from '../status/entries.ts';
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
import { type Kind, storedAs } from './kind.ts';
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
  async plan(status, made, { counts, role, trustsShrinking }) {
    const when = { now: made.backupFinished, justMade: made.key };
    const copies = findExpirable(FILES.copies(status), made, {
      unitOf,
      isJustMade: ({ key }) => key === made.key,
    }).filter((other) => isOfSameSource(made, other));
    const decisions = planRetention(
      copies.filter(({ runType }) => runType === made.runType),
      { ...when, count: counts[made.runType], alwaysKeepNewest: role === 'destination' },
    );
    return trustsShrinking ? decisions : keepFromBefore(decisions, findShrinkage(copies.map(measure), when));
  },
  dated: (copy) => copy,
  measured: measure,
  futureMeans: 'Retention counts such copies as the oldest',
  examine: async (found) => (await import('./examine-files.ts')).examineFiles(found),
};

/** Retention is that of one directory and run type. */
function unitOf({ host, runType, sourcePath }: FileCopy): string {
  return [host, runType, sourcePath].join('\0');
}

function isOfSameSource(copy: FileCopy, other: FileCopy): boolean {
  return other.host === copy.host && other.sourcePath === copy.sourcePath;
}

function measure({ key, backupStarted, sourcePath, unpackedSize, size, members }: FileCopy): MeasuredCopy {
  // The directory itself is one.
  const isEmpty = members !== undefined && members <= 1;
  return { key, backupStarted, source: sourcePath, unpackedSize, size, isEmpty };
}
