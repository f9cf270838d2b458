import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { deadOwner } from '../fixtures/owners.ts';
import { useLab } from '../lab/lab.ts';
import { createSandbox, destinationSections, type Sandbox } from './cli.ts';

const lab = useLab();
let sandbox: Sandbox;
beforeEach(() => {
  sandbox = createSandbox();
});
afterEach(() => sandbox[Symbol.dispose]());

it.skipIf(process.getuid?.() !== 0).each(['local', 'ssh'] as const)(
  'check names what a run under a former name of this host left half-written on %s, and the command that removes it',
  async (kind) => {
    const sections = destinationSections(kind, sandbox, lab);
    sandbox.configure({
      ...sections,
      source: { backup_dirs: join(sandbox.file('data/file', 'content'), '..') },
      measures: { log: join(sandbox.dir, 'measures.log') },
    });
    // A machine of the test's own to the kernel, as far as its name goes.
    const rename = 'echo "$0" >/proc/sys/kernel/hostname && exec "$@"';
    const former = ['backup', '--lock-file', join(sandbox.dir, 'lock'), 'daily'];
    const { result } = sandbox.startUnder(['unshare', '--uts', 'sh', '-c', rename, 'former-name'], former);
    expect(await result).toMatchObject({ exitCode: 0 });
    expect(await sandbox.backup()).toMatchObject({ exitCode: 0, stderr: '' });
    const root = String(sections[kind]?.['backup_dir']);
    const partial = join(root, 'former-name/.partial');
    mkdirSync(partial, { recursive: true });
    writeFileSync(join(partial, deadOwner()), 'half');
    // What is below the present name the next run removes.
    mkdirSync(join(root, hostname(), '.partial'), { recursive: true });
    writeFileSync(join(root, hostname(), '.partial', deadOwner()), 'half');

    const { exitCode, stdout, stderr } = await sandbox.run('check');
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(
        /^WARNING: A run that has ended left the file \S+former-name\/\.partial\/\S+ half-written, and only runs of the host former-name remove it\. If it has another name now, run: /,
      ),
    ]);
    execFileSync('sh', ['-c', stderr.trim().replace(/^.* run: /, '')], { stdio: 'pipe' });
    expect(readdirSync(partial)).toEqual([]);
    expect(await sandbox.run('check')).toMatchObject({ exitCode: 0, stderr: '' });
  },
);
