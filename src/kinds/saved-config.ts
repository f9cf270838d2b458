import { isUtf8 } from 'node:buffer';
import type { SavedConfig } from '../copies/mysql-copy.ts';
import type { Attributes } from '../status/entries.ts';
import { isRecord } from '../status/envelope.ts';

/** Holds the true bytes of the files whose content is not UTF-8; the Python tool can only read those that are. */
const VERBATIM = 'config_verbatim';

/**
 * The attributes that keep configuration files. `config` has text that the Python tool can decode; where that changes
 * a file, its own bytes stand in an attribute that only we read.
 */
export function saveConfig(config: readonly SavedConfig[]): Attributes {
  const verbatim = config.filter((file) => Object.values(file).some((base64) => !isUtf8(decode(base64))));
  return {
    config: config.map((file) => mapContents(file, toUtf8)),
    ...(verbatim.length > 0 ? { [VERBATIM]: verbatim } : {}),
  };
}

/** The inverse of `saveConfig`. Version 2 of the Python tool left `config` out, or null. */
export function readConfig(attributes: Attributes): SavedConfig[] {
  const verbatim = new Map(parseFiles(attributes[VERBATIM]).flatMap((file) => Object.entries(file)));
  return parseFiles(attributes['config']).map((file) =>
    mapContents(file, (base64, path) => verbatim.get(path) ?? base64),
  );
}

function parseFiles(value: unknown): SavedConfig[] {
  const files = Array.isArray(value) ? value : [value];
  return files.filter(isSavedConfig);
}

function isSavedConfig(value: unknown): value is SavedConfig {
  return isRecord(value) && Object.values(value).every((content) => typeof content === 'string');
}

function mapContents(file: SavedConfig, each: (base64: string, path: string) => string): SavedConfig {
  return Object.fromEntries(Object.entries(file).map(([path, base64]) => [path, each(base64, path)]));
}

/** Every byte that is not part of UTF-8 text makes the whole file Latin-1, which gives every byte a letter. */
function toUtf8(base64: string): string {
  const bytes = decode(base64);
  const text = isUtf8(bytes) ? bytes : Buffer.from(bytes.toString('latin1'), 'utf8');
  return text.toString('base64');
}

function decode(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}
