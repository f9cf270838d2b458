import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configureLocal, listCopies, SILENT } from '../fixtures/backup-run.ts';
import { createSandbox, type Sandbox } from './cli.ts';
import { expectOneMessage } from './messages.ts';

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = createSandbox();
  sandbox.file('source/file', randomBytes(3 << 20));
  configureLocal(sandbox, [join(sandbox.dir, 'source')]);
});
afterEach(() => sandbox[Symbol.dispose]());

const backup = () => ['backup', '--lock-file', join(sandbox.dir, 'lock'), 'daily'];
/** Bytes; a write beyond it raises SIGXFSZ, which ends a process that does not expect it. */
const FSIZE = ['prlimit', '--fsize=1000000'] as const;

describe('the limit of file size', () => {
  it('fails a backup with a message, and leaves nothing', async () => {
    const result = await sandbox.startUnder(FSIZE, backup()).result;
    const says = /Cannot back up .* would be larger than the limit of file size/;
    expectOneMessage(result, { exitCode: 1, says, remedy: /ulimit -f/ });
    const host = join(sandbox.dir, 'repository', hostname());
    expect(existsSync(host) ? readdirSync(host, { recursive: true }) : []).toEqual([]);
  });

  it('fails a restore with a message, and leaves nothing', async () => {
    expect(await sandbox.backup()).toEqual(SILENT);
    const [copy = ''] = await listCopies(sandbox);
    const dst = join(sandbox.dir, 'dst');
    const result = await sandbox.startUnder(FSIZE, ['restore', 'file', copy, '--dst', dst]).result;
    expectOneMessage(result, { exitCode: 1, says: /Cannot restore .*: tar failed/, remedy: /ulimit -f/ });
    expect(existsSync(dst) ? readdirSync(dst) : []).toEqual([]);
  });
});

describe('a low limit of open files', () => {
  it.each([20, 32, 40])('is a message, not a stack trace: %i', async (files) => {
    const result = await sandbox.runWithFiles(`${files}:${files}`, ...backup());
    expectOneMessage(result, { exitCode: 1, says: /too many open files/, remedy: /ulimit -n/ });
  });
});
