import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { NOBODY } from '../fixtures/as-nobody.ts';
import { configureLocal, listCopies, restoreOnly, SILENT } from '../fixtures/backup-run.ts';

// Folders and files that decide what root does, and that other accounts may change.

let sandbox: Sandbox;
let source: string;
let dst: string;
beforeEach(() => {
  sandbox = createSandbox();
  source = join(sandbox.dir, 'source');
  dst = join(sandbox.dir, 'restored');
  sandbox.file('source/file', 'content');
  configureLocal(sandbox, [source]);
});
afterEach(() => sandbox[Symbol.dispose]());

const warnings = (stderr: string) => stderr.split('\n').filter((line) => line.startsWith('WARNING: '));

describe.skipIf(process.getuid?.() !== 0)('a --dst that another account may write to', () => {
  it.each([
    ['belongs to it', () => chownSync(dst, NOBODY, NOBODY), `it belongs to the user with the ID ${NOBODY}`],
    ['is open to everyone', () => chmodSync(dst, 0o1777), 'everyone may write to it'],
    [
      'is open to its group',
      () => [chownSync(dst, 0, NOBODY), chmodSync(dst, 0o775)],
      `its group, ${NOBODY},`,
    ],
  ])('as it %s is one warning, and the restore goes on', async (_, open, reason) => {
    expect(await sandbox.backup()).toEqual(SILENT);
    mkdirSync(dst);
    open();
    const { exitCode, stderr } = await restoreOnly(sandbox, dst);
    expect(exitCode).toBe(0);
    expect(warnings(stderr)).toEqual([
      expect.stringContaining(`WARNING: Other accounts may change what is restored to ${dst}: ${reason}`),
    ]);
    expect(readdirSync(dst)).toHaveLength(1);
  });
});

describe.skipIf(process.getuid?.() !== 0)('a keep_local_path that another account may write to', () => {
  it('is warned of once, not at each run', async () => {
    const kept = join(sandbox.dir, 'kept');
    mkdirSync(kept);
    chownSync(kept, NOBODY, NOBODY);
    configureLocal(sandbox, [source], { destination: { keep_local_path: kept } });
    const first = await sandbox.backup('hourly');
    expect(first.exitCode).toBe(0);
    expect(warnings(first.stderr)).toEqual([
      expect.stringContaining(`WARNING: Other accounts may change the copies in keep_local_path ${kept}, `),
    ]);
    expect(await sandbox.backup('hourly')).toEqual(SILENT);
  });
});

describe('a configuration file', () => {
  it('that everyone may write to is refused, and says what to run', async () => {
    chmodSync(sandbox.config, 0o666);
    const { exitCode, stderr } = await sandbox.backup();
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain(
      `The configuration file ${sandbox.config} is not used: everyone may write to it`,
    );
    expect(stderr).toContain(`chmod go-w ${sandbox.config}`);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'of another user is warned of, by a backup once and by the other commands always',
    async () => {
      chownSync(sandbox.config, NOBODY, NOBODY);
      const warning = expect.stringContaining(
        `WARNING: Other accounts may change the configuration file ${sandbox.config}, and so what this tool does: it belongs to the user with the ID ${NOBODY}.`,
      );
      const first = await sandbox.backup('hourly');
      expect([first.exitCode, warnings(first.stderr)]).toEqual([0, [warning]]);
      expect(await sandbox.backup('hourly')).toEqual(SILENT);
      for (let times = 0; times < 2; times++)
        expect(warnings((await sandbox.run('ls')).stderr)).toEqual([warning]);
    },
  );

  it('that its group may write to is warned of', async () => {
    chmodSync(sandbox.config, 0o660);
    const { exitCode, stderr } = await sandbox.backup();
    expect([exitCode, warnings(stderr).length]).toEqual([0, 1]);
    expect(stderr).toContain('its group, ');
  });
});

describe('a key that everyone may write to', () => {
  it('of SSH is refused', async () => {
    const key = join(sandbox.dir, 'key');
    writeFileSync(key, 'x');
    chmodSync(key, 0o666);
    configureLocal(sandbox, [source], {
      destination: { backup_destination: 'ssh' },
      ssh: { ssh_key: key, port: 1, backup_host: '127.0.0.1', backup_dir: '/x' },
    });
    const { exitCode, stderr } = await sandbox.backup();
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain(`The SSH key ${key} is not used: everyone may write to it`);
  });

  it('of gpg is refused, and nothing is stored', async () => {
    const keyring = join(sandbox.dir, 'keyring');
    writeFileSync(keyring, 'x');
    chmodSync(keyring, 0o666);
    configureLocal(sandbox, [source], { gpg: { recipient: 'x', keyring } });
    const { exitCode, stderr } = await sandbox.backup();
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain(`[gpg] keyring ${keyring} is not used: everyone may write to it`);
    expect(await listCopies(sandbox)).toEqual([]);
  });
});
