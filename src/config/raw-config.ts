import { parse } from 'ini';
import { rewriteForIni } from './dialect.ts';
import { decodeName, decodeValue } from './ini-codec.ts';

/** What the file says, before any of it is understood: section -> option in lower case -> value as written. */
export interface RawConfig {
  readonly sections: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** The options of [DEFAULT], which count in every section that does not set them. */
  readonly defaults: ReadonlyMap<string, string>;
}

/** Parses the text of a configuration file. Throws a ConfigError that names the file and the line. */
export function parseRawConfig(source: string, file: string, warn: (message: string) => void): RawConfig {
  const read = parse(rewriteForIni(source, file, warn)) as Record<string, Record<string, unknown>>;
  const sections = new Map(
    Object.entries(read).map(([section, options]) => [
      decodeName(section),
      new Map(Object.entries(options).map(([name, value]) => [decodeName(name), decodeValue(value)])),
    ]),
  );
  const defaults = sections.get('DEFAULT') ?? new Map<string, string>();
  sections.delete('DEFAULT');
  return { sections, defaults };
}

/** The value as written in the section, or else in [DEFAULT]. */
export function findRaw(raw: RawConfig, section: string, name: string): string | undefined {
  const key = name.toLowerCase();
  return raw.sections.get(section)?.get(key) ?? raw.defaults.get(key);
}
