import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useLab } from '../lab/lab.ts';
import { createSandbox, destinationSections, type Sandbox } from './cli.ts';

const lab = useLab();
const host = hostname();

/** Two real folders, one of them with a blank in its name. */
function makeFolders(sandbox: Sandbox): string[] {
  sandbox.file('site one/plain.txt', 'hello\n');
  sandbox.file('site one/deep/er/data.bin', Buffer.alloc(300_000, 7));
  sandbox.file('etc/app.conf', 'a=1\n');
  symlinkSync('plain.txt', join(sandbox.dir, 'site one/link'));
  mkdirSync(join(sandbox.dir, 'etc/empty'));
  return [join(sandbox.dir, 'site one'), join(sandbox.dir, 'etc')];
}

describe.each(['local', 'ssh', 's3'] as const)('the main job to %s', (kind) => {
  it.each(['gzip', 'zstd'])('gives back exactly what went in, in silence (%s)', async (program) => {
    using sandbox = createSandbox();
    const folders = makeFolders(sandbox);
    sandbox.configure({
      source: { backup_dirs: folders.map((folder) => `"${folder}"`).join(' ') },
      ...destinationSections(kind, sandbox, lab),
      compression: { program },
      measures: { log: join(sandbox.dir, 'measures.log') },
    });

    expect(await sandbox.backup()).toEqual({ exitCode: 0, signal: null, stdout: '', stderr: '' });

    const listed = await sandbox.run('ls', '--type', 'files');
    const copies = listed.stdout
      .trim()
      .split('\n')
      .filter((line) => line.includes(sandbox.dir.replaceAll('/', '_')));
    expect(copies).toHaveLength(2);
    for (const folder of folders) {
      const sanitized = folder.replaceAll('/', '_');
      const copy = copies.find((line) => line.includes(`${host}/daily/files/${sanitized}-`));
      const dst = join(sandbox.dir, 'restored', sanitized);
      const restored = await sandbox.run('restore', 'file', copy ?? '', '--dst', dst);
      expect(restored).toEqual({ exitCode: 0, signal: null, stdout: '', stderr: '' });
      expect(execFileSync('diff', ['-r', '--no-dereference', folder, join(dst, folder)]).toString()).toBe('');
    }

    const status = await sandbox.run('status', '--type', 'files', '--json');
    const daily = (
      JSON.parse(status.stdout) as { daily: Record<string, { sha256: string; source_path: string }> }
    ).daily;
    expect(Object.values(daily).map((entry) => entry.source_path)).toEqual(expect.arrayContaining(folders));
    const measures = JSON.parse(readFileSync(join(sandbox.dir, 'measures.log'), 'utf8')) as {
      measures: unknown[];
    };
    expect(measures.measures).toHaveLength(1);
    expect(readdirSync(sandbox.dir)).not.toContain('lock.lock');
  });
});
