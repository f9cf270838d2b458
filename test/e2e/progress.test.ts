import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import stringWidth from 'string-width';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configureLocal, listCopies, SILENT } from '../fixtures/backup-run.ts';
import { useLab } from '../lab/lab.ts';
import { createSandbox, destinationSections, type Sandbox } from './cli.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const lab = useLab();

/** What clears the line, from its first column to the end of the screen. */
const CLEAR = '\r\x1b[J';

let sandbox: Sandbox;
let source: string;
let gate: string;
let running: ChildProcess | undefined;
beforeEach(() => {
  sandbox = createSandbox();
  source = join(sandbox.dir, 'source');
  sandbox.file('source/file', randomBytes(1 << 20));
  running = undefined;
  // A compressor that comes to no end while there is a gate.
  gate = sandbox.file('gate', '');
  const script = `#!/bin/sh\ncat\nwhile [ -e '${gate}' ]; do sleep 0.1; done\n`;
  chmodSync(sandbox.file('bin/zstd', script), 0o755);
  configureLocal(sandbox, [source], { compression: { program: 'zstd' } });
});
afterEach(() => {
  running?.kill();
  sandbox[Symbol.dispose]();
});

const tty = () => readFileSync(join(sandbox.dir, 'tty'), 'utf8').trim();
const copies = () => {
  const folder = join(sandbox.dir, 'repository', hostname(), 'daily/files');
  return existsSync(folder) ? readdirSync(folder) : [];
};

/** Begins a command on a terminal of its own, made by script(1), behind other commands of the shell. */
function begin(args: readonly string[], { before = 'stty columns 100', term = 'xterm' } = {}) {
  const words = [process.execPath, MAIN, '--config', sandbox.config, ...args].map((word) => `'${word}'`);
  const command = `tty >'${sandbox.dir}/tty'; ${before}; exec ${words.join(' ')}`;
  running = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      HOME: process.env['HOME'],
      TERM: term,
      NO_COLOR: '1',
      PATH: `${join(sandbox.dir, 'bin')}:${process.env['PATH']}`,
    },
  });
  const { stdout } = running;
  let text = '';
  stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => running?.once('close', resolve));
  return { ended, text: () => text, drawn: () => drawnIn(text) };
}

/** The lines that were drawn, one over the other; each leaves the cursor in the first column. */
function drawnIn(text: string): string[] {
  return text
    .split(CLEAR)
    .filter((each) => /^[^\r\n]+\r$/.test(each))
    .map((each) => each.slice(0, -1));
}

const backup = ['backup', '--lock-file', '', 'daily'] as const;
const backupWords = () => backup.map((word) => word || join(sandbox.dir, 'lock'));
const poll = <T>(look: () => T) => expect.poll(look, { timeout: 40_000, interval: 100 });

describe('the line of progress', () => {
  it('fits a terminal that becomes narrower, and leaves nothing behind', async () => {
    const { ended, text, drawn } = begin(backupWords());
    await poll(() => drawn().at(-1)).toContain(`Backing up ${source}: `);
    expect(spawnSync('stty', ['-F', tty(), 'columns', '40']).status).toBe(0);
    await poll(() => drawn().at(-1)).toMatch(/^Backing up: /);
    expect(stringWidth(drawn().at(-1) ?? '')).toBeLessThan(40);
    rmSync(gate);
    expect(await ended).toBe(0);
    // What was drawn last is cleared, and only the message is left.
    expect(text().split(CLEAR).at(-1)).toMatch(/^Backed up [^\r]*\r\n$/);
  });

  it('does not hold up a copy when the terminal takes nothing', async () => {
    rmSync(gate);
    // The first run says something of its key, and a message is waited for.
    expect(await sandbox.backup()).toEqual(SILENT);
    const perl = (flow: string) => `use POSIX; open(T, '+<', $ARGV[0]); tcflow(fileno(T), ${flow})`;
    const { ended, text } = begin(backupWords(), {
      before: `perl -e "${perl('TCOOFF').replaceAll('$', '\\$')}" $(tty)`,
    });
    await poll(copies).toHaveLength(2);
    expect(text()).toBe('');
    expect(spawnSync('perl', ['-e', perl('TCOON'), tty()]).status).toBe(0);
    expect(await ended).toBe(0);
    expect(text()).toContain(`Backed up ${source} to `);
  });

  it('shows what is waited for, without bytes', async () => {
    const first = sandbox.start(backupWords(), {
      PATH: `${join(sandbox.dir, 'bin')}:${process.env['PATH']}`,
    });
    await poll(() => existsSync(join(sandbox.dir, 'lock.lock'))).toBe(true);
    const { ended, drawn, text } = begin(backupWords(), { before: 'stty columns 200' });
    await poll(() => drawn().at(-1)).toMatch(/^Waiting for \S*lock\.lock: 0:\d\d$/);
    rmSync(gate);
    expect([(await first.result).exitCode, await ended]).toEqual([0, 0]);
    expect(text().split(CLEAR).at(-1)).toMatch(/^Backed up /);
  });

  it.each([
    ['-q', ['-q'], 'xterm'],
    ['JSON lines', ['--log-format', 'json'], 'xterm'],
    ['a terminal that cannot clear a line', [], 'dumb'],
  ])('is not there with %s', async (_case, options, term) => {
    rmSync(gate);
    const { ended, text } = begin([...options, ...backupWords()], { term });
    expect(await ended).toBe(0);
    expect(text()).not.toContain('\x1b');
    expect(text()).not.toContain('Backing up');
  });
});

it.each(['local', 'ssh', 's3'] as const)(
  'backup, verify, restore and check show how much there is to come, on %s',
  async (kind) => {
    rmSync(gate);
    const sections = destinationSections(kind, sandbox, lab);
    sandbox.configure({
      ...sections,
      ...(kind === 's3' && { s3: { ...sections['s3'], prefix: `progress-${process.pid}/` } }),
      source: { backup_dirs: source },
      measures: { log: join(sandbox.dir, 'measures.log') },
    });
    expect(await sandbox.backup()).toEqual(SILENT);
    const [copy = ''] = await listCopies(sandbox);
    const see = async (...args: string[]) => {
      const { ended, drawn } = begin(args, { before: 'stty columns 300' });
      expect(await ended).toBe(0);
      return drawn();
    };
    const reading = expect.stringMatching(/^Reading \S+: \d+% of 1\.0 MiB, .*\/s, 0:\d\d/);
    expect(await see('verify', 'file', 'latest')).toContainEqual(reading);
    expect(await see('restore', 'file', copy, '--dst', join(sandbox.dir, 'restored'))).toContainEqual(
      reading,
    );
    expect(await see('check', '--read', copy)).toContainEqual(reading);
    expect(await see(...backupWords())).toContainEqual(
      expect.stringMatching(/^Backing up \S+: \d+% of ~1\.0 MiB, .*\/s, 0:\d\d/),
    );
  },
);
