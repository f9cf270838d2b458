import type { WrittenCopy } from '../copies/writer.ts';
import type { Status } from '../status/entries.ts';
import type { Layout } from '../status/layout.ts';
import { type AttributeTable, asText, optional } from './attribute-table.ts';

/** How the entries of every kind say who wrote a copy. */
export const WRITER_FIELDS: AttributeTable<Pick<WrittenCopy, 'machineId' | 'serial'>> = {
  machineId: optional('machine_id', asText),
  serial: optional('serial', asSerial),
};

/** The same where a server is copied. */
export const SERVER_WRITER_FIELDS: AttributeTable<Omit<WrittenCopy, 'key'>> = {
  ...WRITER_FIELDS,
  server: optional('server', asText),
};

/** The serial of an entry that is added to a status. */
export function nextSerial(status: Status, layout: Layout): number {
  const entries = layout.lists(status).flatMap(([, each]) => Object.values(each));
  return 1 + entries.reduce((most, { serial }) => Math.max(most, asSerial(serial) ?? 0), 0);
}

/** More than anybody adds; what is above it was not counted by us, and adding to it would come to an end. */
const MAX_SERIAL = 2 ** 40;

function asSerial(value: unknown): number | undefined {
  const isSerial = Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= MAX_SERIAL;
  return isSerial ? Number(value) : undefined;
}
