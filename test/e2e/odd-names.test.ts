import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listCopies, SILENT } from '../fixtures/backup-run.ts';
import { createSandbox } from './cli.ts';

it('a copy whose name has a newline is one line of ls, which restore takes back', async () => {
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
  const dst = join(sandbox.dir, 'restored');
  expect(await sandbox.run('restore', 'file', copies[0] ?? '', '--dst', dst)).toEqual(SILENT);
  expect(readFileSync(join(dst, file), 'utf8')).toBe('content');
});
