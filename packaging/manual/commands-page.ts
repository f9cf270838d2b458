import { type CommandPage, listLeaves } from './command-page.ts';
import { renderTable } from './markdown.ts';

const HEAD = `# Commands

Every command and option there is, as \`--help\` says them; [usage](usage.md) tells what they do. This page is made from the
command tree in \`src/cli/program.ts\`; \`npx vitest run --project unit packaging -u\` writes it anew.
`;

/** docs/commands.md: the options of every command in a table each. */
export function renderCommandsPage(program: CommandPage): string {
  const leaves = listLeaves(program).map((command) => {
    const words = ['twindb-backup', ...command.path, ...command.arguments.map(({ term }) => term)];
    return `## ${words.slice(1, 1 + command.path.length).join(' ')}\n\n    ${words.join(' ')} [options]\n\n${command.description}\n\n${renderRows(command)}`;
  });
  return `${HEAD}\n## Before the command\n\n${renderRows(program)}\n\n${leaves.join('\n\n')}\n`;
}

function renderRows(command: CommandPage): string {
  const rows = [...command.arguments, ...command.options].map(({ term, description }) => [
    `\`${term}\``,
    // A bar would end the cell, and an angle bracket begin a tag.
    description.replaceAll('|', '\\|').replaceAll('<', '\\<'),
  ]);
  return renderTable(['', 'what it is for'], rows);
}
