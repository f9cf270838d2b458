import { createHash } from 'node:crypto';
import { isBinlogName } from './binlog-copy.ts';

/** A binary log that is stored in parts while it is written. */
export interface StreamedName {
  /** The server's own name for it. */
  readonly binlog: string;
  /** When the server began it, by its header, in seconds since the epoch. */
  readonly timeCreated: number;
}

/** A part of a log, by its key. */
export interface StreamedPart {
  readonly key: string;
  /** Where its first byte is in the log's file. */
  readonly from: number;
  /** Where the byte behind its last one is. */
  readonly to: number;
  /** Bytes of the object. */
  readonly size: number;
}

/** Below this are the parts of a host's logs. The Python tool looks into `HOST/binlog/` only. */
export function streamFolder(host: string): string {
  return `${host}/binlog-stream/`;
}

/** The key of a part, before the suffixes of its modifiers. */
export function partKey(host: string, log: StreamedName, from: number, to: number): string {
  return `${streamedFolder(host, log)}/${from}-${to}`;
}

/** The key of the object that says of which server a log is. */
export function ownerKey(host: string, log: StreamedName, serverIdentity: string): string {
  return `${streamedFolder(host, log)}/server-${ownerMark(serverIdentity)}`;
}

/** The folder of a log, without the slash at its end. */
export function streamedFolder(host: string, { binlog, timeCreated }: StreamedName): string {
  return `${streamFolder(host)}${binlog}.${timeCreated}`;
}

/** Tells servers apart in the name of an object, which their identity may have no place in. */
export function ownerMark(serverIdentity: string): string {
  return createHash('sha256').update(serverIdentity).digest('hex').slice(0, 12);
}

/** What a key below the folder of parts is. */
export type ParsedStreamKey = StreamedName &
  (
    | { readonly kind: 'part'; readonly from: number; readonly to: number }
    | { readonly kind: 'owner'; readonly mark: string }
  );

/** Takes a key apart; undefined when it is nothing that is stored there. */
export function parseStreamKey(host: string, key: string): ParsedStreamKey | undefined {
  const folder = streamFolder(host);
  if (!key.startsWith(folder)) return undefined;
  const [, binlog = '', time, name = ''] =
    /^([^/]+)\.(\d{1,12})\/([^/]+)$/.exec(key.slice(folder.length)) ?? [];
  if (!isBinlogName(binlog)) return undefined;
  const log = { binlog, timeCreated: Number(time) };
  const mark = /^server-([0-9a-f]{12})$/.exec(name)?.[1];
  if (mark !== undefined) return { ...log, kind: 'owner', mark };
  const [, first, last] = /^(\d{1,15})-(\d{1,15})(?:\.[a-z][a-z0-9]*)+$/.exec(name) ?? [];
  const [from, to] = [Number(first), Number(last)];
  return from < to ? { ...log, kind: 'part', from, to } : undefined;
}
