import { ConfigError } from '../errors.ts';
import { interpolate } from './interpolate.ts';
import type { Option, OptionRows } from './option.ts';
import { findRaw, type RawConfig } from './raw-config.ts';
import { type OptionName, type OptionValue, SCHEMA, type SectionName } from './schema.ts';
import { didYouMean } from './suggest.ts';

/** Reads single options as the schema describes them. Every error is a ConfigError naming file, section and option. */
export interface Options {
  /** Whether the section stands in the file, be it empty. */
  has(section: SectionName): boolean;
  /** The option's value, or its default. */
  get<S extends SectionName, N extends OptionName<S>>(section: S, name: N): OptionValue<S, N>;
  /** The value of an option without a default that must be set; `remedy` says what to write. */
  need<S extends SectionName, N extends OptionName<S>>(
    section: S,
    name: N,
    remedy: string,
  ): NonNullable<OptionValue<S, N>>;
  /** The error to throw because of this option; `problem` continues a sentence that begins with its name. */
  refuse<S extends SectionName>(
    section: S,
    name: OptionName<S>,
    problem: string,
    remedy?: string,
  ): ConfigError;
}

/** Quotes around the whole value, as many write them, are no part of it. */
function dropQuotes(value: string): string {
  return /^(["'])(.*)\1$/s.exec(value)?.[2] ?? value;
}

export function createOptions(file: string, raw: RawConfig): Options {
  function fail(section: string, name: string, problem: string, remedy?: string): ConfigError {
    return new ConfigError(
      `${file}: [${section}] ${name} ${problem}`,
      remedy === undefined ? {} : { remedy },
    );
  }

  function readText(section: string, name: string, row: Option<unknown>): string | undefined {
    const written = findRaw(raw, section, name);
    if (written === undefined) return undefined;
    const value = interpolate(
      written,
      (other) => findRaw(raw, section, other),
      (problem, other) => {
        const reference = row.kind.hidden ? 'an option' : `%(${other})s`;
        return problem === 'unknown'
          ? fail(
              section,
              name,
              `refers to ${reference}, which neither [${section}] nor [DEFAULT] sets`,
              'Set it there, or write %% for a percent sign.',
            )
          : fail(section, name, `refers to ${reference} in too many steps, or in a circle`);
      },
    );
    return row.kind.keepsQuotes ? value : dropQuotes(value);
  }

  function read(section: string, name: string, row: Option<unknown>): unknown {
    const given = readText(section, name, row);
    const value = given === undefined || (given === '' && row.kind.emptyIsUnset) ? row.default : given;
    if (value === undefined) return undefined;
    const parsed = row.kind.parse(value);
    if (parsed !== undefined) return parsed;
    const got = row.kind.hidden ? '' : `, got ${JSON.stringify(value)}`;
    throw fail(section, name, `must be ${row.kind.label}${got}${didYouMean(value, row.kind.allowed ?? [])}`);
  }

  function get<S extends SectionName, N extends OptionName<S>>(section: S, name: N): OptionValue<S, N> {
    const rows: OptionRows = SCHEMA[section];
    // The row's kind parses to exactly this type; TypeScript can't follow it through the table.
    return read(section, name, rows[name] as Option<unknown>) as OptionValue<S, N>;
  }

  return {
    has: (section) => raw.sections.has(section),
    get,
    need(section, name, remedy) {
      const value = get(section, name);
      if (value === undefined || value === null) throw fail(section, name, 'is missing', remedy);
      return value;
    },
    refuse: fail,
  };
}
