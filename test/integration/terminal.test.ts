import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const MODULE = new URL('../../dist/cli/terminal.js', import.meta.url).href;

let dir: string;
let program: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'twindb-terminal-'));
  program = join(dir, 'program.mjs');
});
afterEach(() => rmSync(dir, { recursive: true }));

const write = (code: string) =>
  writeFileSync(program, `import { createSink, openTerminal, writeAll } from '${MODULE}';\n${code}\n`);

describe('messages', () => {
  const sayAll = (settings: object) => {
    write(`const sink = createSink({ ...openTerminal(), ...${JSON.stringify(settings)} });
      for (const level of ['debug', 'info', 'warn', 'error']) sink(level, level + ' %s text');`);
    const { stdout, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8' });
    return { stdout, stderr };
  };
  const complaints = 'DEBUG: debug %s text\nWARNING: warn %s text\nERROR: error %s text\n';

  it('go to stderr, and INFO nowhere, when nobody reads stdout', () => {
    expect(sayAll({})).toEqual({ stdout: '', stderr: complaints });
  });

  it('of level INFO go to stdout when a person reads it', () => {
    expect(sayAll({ stdoutIsTerminal: true })).toEqual({ stdout: 'info %s text\n', stderr: complaints });
  });
});

describe('output', () => {
  it('comes whole to a slow reader, though the process ends right after', () => {
    write(`writeAll(1, 'x'.repeat(3_000_000)); process.exit(0);`);
    const file = join(dir, 'out');
    execFileSync('sh', ['-c', `"$1" "$2" | (sleep 0.5; cat >"$3")`, 'sh', process.execPath, program, file]);
    expect(readFileSync(file)).toHaveLength(3_000_000);
  });

  it('to a reader that has gone is no error', () => {
    write(`for (let i = 0; i < 20_000; i++) writeAll(1, 'line ' + i + '\\n'); process.exit(0);`);
    const shell = `{ "$1" "$2"; echo "exit $?" >&2; } | head -n 1`;
    const { stdout, stderr } = spawnSync('sh', ['-c', shell, 'sh', process.execPath, program], {
      encoding: 'utf8',
    });
    expect([stdout, stderr]).toEqual(['line 0\n', 'exit 0\n']);
  });
});

describe('colour', () => {
  /** What a terminal, made by script(1), gets from a warning. */
  const sayOnTerminal = (env: NodeJS.ProcessEnv) => {
    write(`createSink(openTerminal())('warn', 'text');`);
    const command = `'${process.execPath}' '${program}'`;
    const { PATH } = process.env;
    return spawnSync('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env: { PATH, TERM: 'xterm', ...env },
      encoding: 'utf8',
    }).stdout;
  };

  it('is on a terminal', () => {
    expect(sayOnTerminal({})).toBe('\x1b[33mWARNING: \x1b[0mtext\r\n');
    // https://no-color.org: an empty value says nothing.
    expect(sayOnTerminal({ NO_COLOR: '' })).toContain('\x1b[33m');
  });

  it.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('is not there with %j', (env) => {
    expect(sayOnTerminal(env)).toBe('WARNING: text\r\n');
  });
});
