import { SCHEMA } from '../../src/config/schema.ts';
import { roff, tagged, title } from './roff.ts';

const FORMAT = `A section begins with \`[section]\`. Below it stand lines of the form \`option = value\` or \`option: value\`. Option names are
case-insensitive, values may be quoted.
A \`#\` or \`;\` begins a comment only at the start of a line, indented or not; anywhere else it belongs to the value.
An indented line continues the value above it.
\`%%\` stands for a percent sign, \`%(name)s\` for the value of another option of the same section.
An unknown section or option is a warning, a value that cannot be is an error.`;

/** twindb-backup.cfg(5), of the option table. */
export function renderConfigManPage(version: string): string {
  const sections = Object.entries(SCHEMA).map(([section, options]) => {
    const rows = Object.entries(options).map(([name, { kind, default: fallback, description }]) => {
      const takes = `Takes ${kind.label}${fallback ? `; default ${fallback}` : ''}.`;
      return `${tagged(name, description)}\n${roff(takes)}`;
    });
    return [`.SS [${section}]`, ...rows].join('\n');
  });
  return `${[
    title('twindb-backup.cfg', 5, version),
    '.SH NAME',
    'twindb\\-backup.cfg \\- configuration of twindb\\-backup',
    '.SH SYNOPSIS',
    '.I /etc/twindb/twindb\\-backup.cfg',
    '.SH DESCRIPTION',
    'What is backed up, where to, and how many copies are kept. The file may hold secrets: only root should be able to read it.',
    '.PP',
    roff(FORMAT),
    '.SH OPTIONS',
    ...sections,
    '.SH SEE ALSO',
    '.BR twindb\\-backup (1)',
  ].join('\n')}\n`;
}
