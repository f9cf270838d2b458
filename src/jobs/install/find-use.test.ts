import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findUse } from './find-use.ts';

let dir: string;
let datadir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'twindb-use-'));
  datadir = join(dir, 'mysql');
  mkdirSync(datadir);
  writeFileSync(join(datadir, 'ibdata1'), '');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Runs a program that says a line when it is ready, and ends it afterwards. */
async function whileRunning<T>(script: string, args: readonly string[], look: () => Promise<T>): Promise<T> {
  const child = spawn('bash', ['-c', script, 'a-program', ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    return await look();
  } finally {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
}

describe('a data directory is in use', () => {
  it('while a process may write to a file in it, or to one beside it', async () => {
    const beside = join(dir, 'redo');
    writeFileSync(beside, '');
    for (const path of [join(datadir, 'other'), beside]) {
      const found = await whileRunning('exec 5>>"$1"; echo; read', [path], () => findUse(datadir, [beside]));
      expect(found).toMatch(new RegExp(`^bash, process \\d+, has ${path} open$`));
    }
    expect(await findUse(datadir, [beside])).toBeUndefined();
  });

  it('not by those who read in it, or stand in it, nor by this process', async () => {
    const file = openSync(join(datadir, 'ibdata1'), 'a');
    try {
      const script = 'cd "$1"; exec 5<ibdata1; echo; read';
      expect(await whileRunning(script, [datadir], () => findUse(datadir, []))).toBeUndefined();
    } finally {
      closeSync(file);
    }
  });

  it('while a process has a file of it open under another path, as in a container', async ({ skip }) => {
    const other = join(dir, 'elsewhere');
    const script =
      'mkdir "$2" && mount --bind "$1" "$2" && exec 5>>"$2/ibdata1" && umount -l "$2"; echo; read';
    const wrapped = `exec unshare -m bash -c '${script}' a-program "$1" "$2"`;
    if (spawnSync('unshare', ['-m', 'true']).status !== 0) return skip('no mount namespaces here');
    const found = await whileRunning(wrapped, [datadir, other], () => findUse(datadir, []));
    expect(found).toContain(`has ${join(datadir, 'ibdata1')} open`);
  });

  it('while a server answers on a socket in it', async () => {
    const server = createServer().listen(join(datadir, 'mysql.sock'));
    await once(server, 'listening');
    try {
      expect(await findUse(datadir, [])).toBe(`a server answers on ${join(datadir, 'mysql.sock')}`);
    } finally {
      server.close();
    }
    expect(await findUse(datadir, [])).toBeUndefined();
  });

  it('while a pid file in it names a server, not one of long ago or of another program', async () => {
    const pidFile = join(datadir, 'db1.pid');
    for (const text of ['999999999', String(process.pid), 'x', '']) {
      writeFileSync(pidFile, text);
      expect(await findUse(datadir, [])).toBeUndefined();
    }
    // A stand-in of that name: it opens nothing.
    const script = 'printf mariadbd >/proc/$$/comm; echo $$ >"$1.new"; mv "$1.new" "$1"; echo; read';
    const found = await whileRunning(script, [pidFile], () => findUse(datadir, []));
    expect(found).toMatch(/^mariadbd, process \d+, is the one in .*db1\.pid$/);
  });

  it('not where it is absent', async () => {
    expect(await findUse(join(dir, 'absent'), [])).toBeUndefined();
  });
});
