import type { FileCopy } from '../copies/file-copy.ts';
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
  plan: async (status, made, { counts, role }) =>
    planRetention(
      FILES.copies(status).filter((other) => isPeer(made, other)),
      {
        count: counts[made.runType],
        alwaysKeepNewest: role === 'destination',
        now: made.backupFinished,
        justMade: made.key,
      },
    ),
  dated: (copy) => copy,
  futureMeans: 'Retention counts such copies as the oldest',
  examine: async (found) => (await import('./examine-files.ts')).examineFiles(found),
};

/** Retention is that of one directory and run type. */
function isPeer(copy: FileCopy, other: FileCopy): boolean {
  return other.host === copy.host && other.runType === copy.runType && other.sourcePath === copy.sourcePath;
}
