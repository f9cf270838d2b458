import { createHash } from 'node:crypto';
import { TwinDbError } from '../errors.ts';
import { excessOf } from './json-limits.ts';

/** What a status file holds, below its envelope. */
export type StatusContent = Record<string, unknown>;

/** A status file that cannot be read back. */
export class StatusDamagedError extends TwinDbError {
  override readonly name = 'StatusDamagedError';
}

/**
 * An envelope as it is stored (contract: status files): `status` is the base64 of the content's JSON, `md5` the hex md5
 * of that base64 text. `extra` members stand beside them.
 */
export function encodeEnvelope(content: StatusContent, extra: Readonly<StatusContent> = {}): string {
  const status = Buffer.from(stringifySorted(content)).toString('base64');
  return stringifySorted({ ...extra, md5: md5(status), status, version: 1 });
}

/**
 * The content of a status file and the members beside its envelope. Reads the older form, bare base64 without an
 * envelope, as well. Throws a StatusDamagedError that says what is wrong.
 */
export function decodeEnvelope(text: string): { content: StatusContent; extra: StatusContent } {
  const trimmed = text.trim();
  if (!trimmed.startsWith('{')) return { content: decodeContent(trimmed), extra: {} };
  const { md5: expected, status, version: _version, ...extra } = parseObject(trimmed, 'it');
  if (typeof status !== 'string') throw new StatusDamagedError('it has no "status" member');
  if (md5(status) !== expected) throw new StatusDamagedError('its md5 does not match');
  return { content: decodeContent(status), extra };
}

function decodeContent(base64: string): StatusContent {
  if (base64 === '') throw new StatusDamagedError('it is empty');
  return parseObject(Buffer.from(base64, 'base64').toString('utf8'), 'its content');
}

function parseObject(json: string, what: string): StatusContent {
  const excess = excessOf(json);
  if (excess !== undefined) throw new StatusDamagedError(`${what} has ${excess}`);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new StatusDamagedError(`${what} is not JSON`, { cause, isExplained: true });
  }
  if (!isRecord(value)) throw new StatusDamagedError(`${what} is not a JSON object`);
  return value;
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is StatusContent {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/** JSON with the keys of every object in order, so that equal contents are equal texts. */
function stringifySorted(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    isRecord(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
