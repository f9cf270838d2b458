import { readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listCopies, SILENT } from '../fixtures/backup-run.ts';
import { createSandbox } from './cli.ts';

it('a copy whose name has a newline is one line of ls, which restore and check take back', async () => {
  using sandbox = createSandbox();
  const file = sandbox.file("it's two\nlines/file", 'content');
  // An indented line goes on with the value above it; the quotes keep the newline between them.
  sandbox.configure(
    [
      '[source]',
      `backup_dirs = "${sandbox.dir}/it's two`,
      '  lines"',
      '[destination]',
      'backup_destination = local',
      '[local]',
      `backup_dir = ${sandbox.dir}/repository`,
      '[measures]',
      `log = ${sandbox.dir}/measures.log`,
    ].join('\n'),
  );
  expect(await sandbox.backup()).toEqual(SILENT);
  const copies = await listCopies(sandbox);
  expect(copies).toEqual([expect.stringMatching(/^\$'\/.*_it\\'s two\\nlines-[0-9_-]+\.tar\.gz'$/)]);
  expect((await sandbox.run('restore', 'file')).stdout).toBe(`${copies[0]}\n`);
  expect(await sandbox.run('check', copies[0] ?? '')).toEqual(SILENT);
  const dst = join(sandbox.dir, 'restored');
  expect(await sandbox.run('restore', 'file', copies[0] ?? '', '--dst', dst)).toEqual(SILENT);
  expect(readFileSync(join(dst, file), 'utf8')).toBe('content');
  for (const name of ['files-status', 'files-status.copy'])
    rmSync(join(sandbox.dir, 'repository', hostname(), name));
  expect((await sandbox.run('check')).stdout).toBe(
    `${copies[0]}: not in the status, whole: it has no entry in the status, although it is newer than the key ${join(sandbox.dir, 'integrity.key')}\n`,
  );
});
