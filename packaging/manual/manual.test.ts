import { execFileSync } from 'node:child_process';
import { describe, expect, it, test } from 'vitest';
import { buildProgram } from '../../src/cli/program.ts';
import { version } from '../../src/cli/version.ts';
import { renderBashCompletion } from './bash-completion.ts';
import { describeCommand } from './command-page.ts';
import { renderCommandsPage } from './commands-page.ts';
import { renderConfigManPage } from './config-man-page.ts';
import { renderFishCompletion } from './fish-completion.ts';
import { renderManPage } from './man-page.ts';
import { roff } from './roff.ts';
import { renderZshCompletion } from './zsh-completion.ts';

const program = describeCommand(buildProgram(() => Promise.reject(new Error('only described here'))));

/** Each generated file, relative to this folder, and what it has to say. */
const FILES = {
  '../man/twindb-backup.1': renderManPage(program, version()),
  '../man/twindb-backup.cfg.5': renderConfigManPage(version()),
  '../completions/twindb-backup.bash': renderBashCompletion(program),
  '../completions/twindb-backup.zsh': renderZshCompletion(program),
  '../completions/twindb-backup.fish': renderFishCompletion(program),
  '../../docs/commands.md': renderCommandsPage(program),
};

describe('what is made from the command tree and the option table (npx vitest run --project unit packaging -u writes it anew)', () => {
  it.each(Object.entries(FILES))('%s is up to date', async (path, text) => {
    await expect(text).toMatchFileSnapshot(path);
  });
});

test('roff: text of any kind stays text', () => {
  expect(roff("--dst\n.cfg isn't `A-B` \\n")).toBe('\\-\\-dst\n\\&.cfg isn\\(aqt \\fBA\\-B\\fR \\en');
});

describe('completion in bash', () => {
  const script = renderBashCompletion(program);

  /** What bash offers when the cursor stands at the end of the last word. */
  function complete(...words: string[]): string[] {
    const body =
      'eval "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _twindb_backup; printf "%s\\n" "${COMPREPLY[@]}"';
    const args = ['--norc', '-c', body, script, 'twindb-backup', ...words];
    return execFileSync('bash', args, { encoding: 'utf8' }).split('\n').filter(Boolean);
  }

  it('offers the commands, behind the options that stand before them too', () => {
    expect(complete('re')).toEqual(['restore']);
    expect(complete('--config', '/etc/x.cfg', '--debug', 'ver')).toEqual(['verify']);
    expect(complete('restore', '')).toEqual(['file', 'mysql', 'tables', 'binlog']);
  });

  it('offers the options of the command that is being typed', () => {
    expect(complete('restore', 'binlog', '--')).toEqual(['--dst', '--accept-unauthenticated', '--help']);
    expect(complete('--d')).toEqual(['--debug']);
  });

  it('offers the values that an option or argument may have', () => {
    expect(complete('backup', 'm')).toEqual(['monthly']);
    expect(complete('backup', '--lock-file', 'backup', 'w')).toEqual(['weekly']);
    expect(complete('ls', '--type', 'b')).toEqual(['binlog']);
  });

  it('offers no run type after a run type, and no word where a path is wanted', () => {
    expect(complete('backup', 'daily', '')).toEqual([]);
    expect(complete('--config', 'ba')).toEqual([]);
  });
});
