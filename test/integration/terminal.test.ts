import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

it('a message cannot command the terminal, whatever somebody has called a file', () => {
  write(`createSink({ ...openTerminal(), colour: true })('error', 'a\\tb\\nc\\x1b[2J\\x9b\\r\\x07');`);
  const { stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8' });
  expect(stderr).toBe('\x1b[31mERROR: \x1b[0ma\tb\nc\\u001b[2J\\u009b\\r\\u0007\n');
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

describe('what cannot be written', () => {
  const runInShell = (shell: string) =>
    spawnSync('sh', ['-c', shell, 'sh', process.execPath, program], { encoding: 'utf8' });

  it('to stderr is dropped, and the work goes on', () => {
    write(`createSink(openTerminal())('error', 'text'); writeAll(1, 'went on');`);
    expect(runInShell('"$1" "$2" 2>/dev/full')).toMatchObject({ status: 0, stdout: 'went on' });
  });

  it('to stdout is an error', () => {
    write(`try { writeAll(1, 'text'); } catch (error) { writeAll(2, error.message); }`);
    expect(runInShell('"$1" "$2" >/dev/full')).toMatchObject({ status: 0, stderr: 'Cannot write to stdout' });
  });

  it('to a stderr whose reader has stopped reading is dropped after five seconds, and then at once', () => {
    const file = join(dir, 'seconds');
    write(`import { writeFileSync } from 'node:fs';
      openTerminal();
      const started = Date.now();
      for (let i = 0; i < 5; i++) writeAll(2, 'x'.repeat(1_000_000));
      writeFileSync('${file}', String((Date.now() - started) / 1000));`);
    runInShell('"$1" "$2" 2>&1 >/dev/null | sleep 8');
    const seconds = Number(readFileSync(file, 'utf8'));
    expect(seconds).toBeGreaterThan(4.5);
    expect(seconds).toBeLessThan(7);
  });

  it('to a terminal that has been closed is dropped, and the work goes on', async () => {
    const [ready, file] = [join(dir, 'ready'), join(dir, 'result')];
    write(`import { writeFileSync } from 'node:fs';
      const sink = createSink(openTerminal());
      process.on('SIGHUP', () => {
        let result = 'went on';
        try { for (const level of ['info', 'error']) sink(level, 'text'); } catch (error) { result = String(error); }
        writeFileSync('${file}', result);
        process.exit();
      });
      setInterval(() => undefined, 1000);
      writeFileSync('${ready}', '');`);
    const command = `exec '${process.execPath}' '${program}'`;
    const terminal = spawn('script', ['--quiet', '--command', command, '/dev/null'], { stdio: 'ignore' });
    await expect.poll(() => existsSync(ready), { timeout: 10_000 }).toBe(true);
    // It holds the terminal's other side.
    terminal.kill('SIGKILL');
    await expect
      .poll(() => existsSync(file) && readFileSync(file, 'utf8'), { timeout: 10_000 })
      .toBe('went on');
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
