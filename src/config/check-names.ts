import { listReferences } from './interpolate.ts';
import type { OptionRows } from './option.ts';
import type { RawConfig } from './raw-config.ts';
import { IGNORED_SECTIONS, SCHEMA } from './schema.ts';
import { didYouMean, findNearest } from './suggest.ts';

const KNOWN: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries<OptionRows>(SCHEMA).map(([section, rows]) => [section, Object.keys(rows)]),
);
const SECTIONS: readonly string[] = ['DEFAULT', ...KNOWN.keys(), ...IGNORED_SECTIONS];

function isIn(name: string, options: readonly string[]): boolean {
  return options.some((option) => option.toLowerCase() === name);
}

/** The option may be misspelt, or belong elsewhere. */
function suggestOption(name: string, options: readonly string[]): string {
  const misspelt = didYouMean(name, options);
  if (misspelt !== '') return misspelt;
  for (const [section, others] of KNOWN) {
    const found = others.find((option) => option.toLowerCase() === name);
    if (found !== undefined) return `; did you mean [${section}] ${found}?`;
  }
  return '';
}

/**
 * Warns of every section and option that nothing reads, so that a misspelt one is never a silent no-op.
 * An option that another one refers to with `%(name)s` is read.
 */
export function warnOfUnknownNames(raw: RawConfig, file: string, warn: (message: string) => void): void {
  const maps = [raw.defaults, ...raw.sections.values()];
  const referenced = new Set(maps.flatMap((options) => [...options.values()].flatMap(listReferences)));

  function checkOptions(section: string, options: RawConfig['defaults'], known: readonly string[]): void {
    for (const [name, value] of options) {
      if (isIn(name, known) || referenced.has(name)) continue;
      // Most likely the rest of the value above: a directory that would be left out.
      const hint = value === '' ? '; a line that continues the value above it must be indented' : '';
      warn(
        `${file}: [${section}] ${name} is not an option and is ignored${suggestOption(name, known) || hint}`,
      );
    }
  }

  for (const [section, options] of raw.sections) {
    const known = KNOWN.get(section);
    if (known !== undefined) {
      checkOptions(section, options, known);
    } else if (!IGNORED_SECTIONS.includes(section)) {
      const nearest = findNearest(section, SECTIONS);
      const suggestion = nearest === undefined ? '' : `; did you mean [${nearest}]?`;
      warn(`${file}: [${section}] is not a section and is ignored${suggestion}`);
    }
  }
  checkOptions('DEFAULT', raw.defaults, [...KNOWN.values()].flat());
}
