import { groupOf, optionLines, plainName, type WrittenOption } from '../../mysql/server/option-line.ts';

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

function findOptions(text: string, groups: readonly string[], wanted: string): string[] {
  return [...optionLines(text)].flatMap(({ group, option }) =>
    groups.includes(group ?? '') && isOption(option, wanted) ? [option.value ?? ''] : [],
  );
}

function replaceOption(text: string, groups: readonly string[], { name: wanted, value }: Setting): string {
  const lines = Array.from(optionLines(text), ({ text: line, group, option }) => {
    if (!groups.includes(group ?? '') || !isOption(option, wanted)) return line;
    const { indent, name, equals, tail } = option;
    return `${indent}${name}${equals || '='}${value}${tail}`;
  });
  return lines.join('\n');
}

function isOption(option: WrittenOption | undefined, wanted: string): option is WrittenOption {
  return option !== undefined && plainName(option).replace(/^loose-/, '') === wanted;
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
