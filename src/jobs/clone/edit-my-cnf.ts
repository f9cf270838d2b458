import { dropComment, groupOf } from '../../mysql/server/option-file.ts';

/** A configuration file of the server. */
export interface ConfigFile {
  readonly path: string;
  /** Its bytes as Latin-1, which changes none of them, whatever encoding they are in. */
  readonly text: string;
  /** Permission bits. */
  readonly mode: number;
  /** `user:group`, by name. */
  readonly owner: string;
}

/** An option that a replica must have otherwise than its source. */
export interface Setting {
  /** With `-`; files may have `_`. */
  readonly name: string;
  readonly value: string;
}

/**
 * Gives options of the server another value wherever they stand, since a later file overrides an earlier one; an option
 * that stands nowhere goes below the first header of a group that the server reads. Comments and all other lines stay.
 */
export function editConfigs(
  files: readonly ConfigFile[],
  groups: readonly string[],
  settings: readonly Setting[],
): ConfigFile[] {
  return settings.reduce<ConfigFile[]>((edited, setting) => setOption(edited, groups, setting), [...files]);
}

function setOption(files: readonly ConfigFile[], groups: readonly string[], setting: Setting): ConfigFile[] {
  const edited = files.map((file) => ({ ...file, text: replaceOption(file.text, groups, setting) }));
  const isThere = files.some(({ text }) => findOptions(text, groups, setting.name).length > 0);
  return isThere ? edited : addOption(files, groups, setting);
}

/** The values that an option has in these files, in the order of the lines. */
export function findOption(files: readonly ConfigFile[], groups: readonly string[], name: string): string[] {
  return files.flatMap(({ text }) => findOptions(text, groups, name));
}

const LINE = /^(\s*)([^\s=#;[!][^\s=]*)(\s*=\s*|\s*$)/;

function findOptions(text: string, groups: readonly string[], wanted: string): string[] {
  return mapLines(text, groups, (line) => {
    const [whole = '', , name = ''] = LINE.exec(line) ?? [];
    return isOption(name, wanted) ? dropComment(line).slice(whole.length).trim() : undefined;
  }).filter((value) => value !== undefined);
}

function replaceOption(text: string, groups: readonly string[], { name: wanted, value }: Setting): string {
  return mapLines(
    text,
    groups,
    (line, counts) => {
      const [, indent = '', name = '', equals = ''] = LINE.exec(line) ?? [];
      if (!counts || !isOption(name, wanted)) return line;
      const said = dropComment(line);
      const tail = line.slice(said.trimEnd().length);
      return `${indent}${name}${equals.includes('=') ? equals : '='}${value}${tail}`;
    },
    'all',
  ).join('\n');
}

function isOption(name: string, wanted: string): boolean {
  return name.replaceAll('_', '-').replace(/^loose-/, '') === wanted;
}

/** Calls `each` for the lines in the server's groups, or for all with whether they are. */
function mapLines<T>(
  text: string,
  groups: readonly string[],
  each: (line: string, counts: boolean) => T,
  which: 'counting' | 'all' = 'counting',
): T[] {
  let counts = false;
  return text.split('\n').flatMap((line) => {
    const group = groupOf(line);
    if (group !== undefined) counts = groups.includes(group);
    const isOptionLine = counts && group === undefined;
    return isOptionLine || which === 'all' ? [each(line, isOptionLine)] : [];
  });
}

function addOption(
  files: readonly ConfigFile[],
  groups: readonly string[],
  { name, value }: Setting,
): ConfigFile[] {
  const line = `${name.replaceAll('-', '_')} = ${value}`;
  const index = files.findIndex(({ text }) =>
    text.split('\n').some((each) => groups.includes(groupOf(each) ?? '')),
  );
  return files.map((file, at) => {
    if (at === index) {
      const lines = file.text.split('\n');
      const header = lines.findIndex((each) => groups.includes(groupOf(each) ?? ''));
      return { ...file, text: lines.toSpliced(header + 1, 0, line).join('\n') };
    }
    // No file has a group of the server's: the first one gets one.
    return index === -1 && at === 0 ? { ...file, text: `${file.text}\n[mysqld]\n${line}\n` } : file;
  });
}
