import { describe, expect, it } from 'vitest';
import { renderTable } from '../../packaging/manual/markdown.ts';
import { SCHEMA } from './schema.ts';

/** The reference of all options as docs/configuration.md shows it. */
function renderReference(): string {
  const sections = Object.entries(SCHEMA).map(([section, options]) => {
    const rows = Object.entries(options).map(([name, { kind, default: fallback, description }]) => [
      `\`${name}\``,
      kind.label,
      fallback ? `\`${fallback}\`` : '',
      description,
    ]);
    return `## [${section}]\n\n${renderTable(['option', 'takes', 'default', 'what it is for'], rows)}`;
  });
  return `${HEAD}\n${sections.join('\n\n')}\n`;
}

const HEAD = `# Configuration

\`/etc/twindb/twindb-backup.cfg\`, or the file named with \`--config\`. It is the file of the Python tool, unchanged; see
the sample in \`packaging/twindb-backup.cfg\` for a commented start. This page is made from the option table in
\`src/config/schema.ts\`; \`npx vitest run --project unit src/config/schema-docs.test.ts -u\` writes it anew.

- \`[section]\` lines, below each \`option = value\` or \`option: value\`. Option names are case-insensitive.
- \`#\` and \`;\` begin a comment only at the start of a line, indented or not; anywhere else they belong to the value.
- An indented line continues the value above it. Values may be quoted.
- \`yes no on off true false 1 0\` are the booleans. \`%%\` is \`%\`, \`%(name)s\` is the value of another option of the
  same section or of \`[DEFAULT]\`; any other \`%\` is itself.
- In \`backup_dirs\` and \`tar_options\` quotes protect blanks: \`"/a /b"\` is one path, \`"/a" "/b"\` are two.
- An unknown section or option is a warning with a suggestion; a value that cannot be is an error (exit code 78).
- The file may hold secrets: keep it at mode 0600. A file that others can read is a warning when it does.
`;

describe('docs/configuration.md', () => {
  it('is what the option table says', async () => {
    await expect(renderReference()).toMatchFileSnapshot('../../docs/configuration.md');
  });
});
