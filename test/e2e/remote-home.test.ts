import { rmSync, statSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { useLab } from '../lab/lab.ts';
import { createSandbox, destinationSections, type Sandbox } from './cli.ts';
import { expectOneMessage } from './messages.ts';

const lab = useLab();
/** Where the lab's SFTP server begins: it logs in the user of the tests. */
const remoteHome = userInfo().homedir;
let sandbox: Sandbox;
let folder = '';
beforeEach(() => {
  sandbox = createSandbox();
  sandbox.file('source/file', 'content');
  folder = `.${basename(sandbox.dir)}`;
});
afterEach(() => {
  rmSync(join(remoteHome, folder), { recursive: true, force: true });
  sandbox[Symbol.dispose]();
});

function configure(backupDir: string): void {
  const sections = destinationSections('ssh', sandbox, lab);
  sandbox.configure({
    ...sections,
    source: { backup_dirs: join(sandbox.dir, 'source') },
    ssh: { ...sections['ssh'], backup_dir: backupDir },
    measures: { log: join(sandbox.dir, 'measures.log') },
  });
}

it('~/ in backup_dir of [ssh] is the home on the server, and ls prints what restores the copy', async () => {
  configure(`~/${folder}/copies/`);
  expect(await sandbox.backup()).toMatchObject({ exitCode: 0, stderr: '' });
  const { stdout } = await sandbox.run('ls');
  const copy = stdout.split('\n').find((line) => line.includes('_source-')) ?? '';
  expect(copy).toMatch(new RegExp(`^${folder}/copies/[^/]+/daily/files/`));
  expect(statSync(join(remoteHome, copy)).size).toBeGreaterThan(0);

  // As printed; as backup_dir has it; and what a shell makes of that.
  const spellings = [copy, `~/${copy}`, join(homedir(), copy)];
  for (const [index, spelling] of spellings.entries()) {
    const dst = join(sandbox.dir, `restored${index}`);
    expect(await sandbox.run('restore', 'file', spelling, '--dst', dst)).toMatchObject({ exitCode: 0 });
    expect(statSync(join(dst, sandbox.dir, 'source/file')).size).toBe(7);
  }
  expectOneMessage(await sandbox.run('restore', 'file', `~/other/${copy}`), {
    exitCode: 1,
    says: new RegExp(`^There is no copy ~/other/\\S+ on ssh://\\S+:${lab.ssh.port}/~/${folder}/copies$`),
  });
});

it('the home of another user in backup_dir of [ssh] is refused', async () => {
  configure('~bob/copies');
  expectOneMessage(await sandbox.backup(), {
    exitCode: 78,
    says: /\[ssh\] backup_dir must be a path without ~USER, got "~bob\/copies"$/,
  });
});
