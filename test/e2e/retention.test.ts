import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useLab } from '../lab/lab.ts';
import { createSandbox, destinationSections } from './cli.ts';

const lab = useLab();

interface Listed {
  readonly place: string;
  readonly key: string;
  readonly listed: boolean;
  readonly size: number;
  readonly status: { readonly source_path: string; readonly sha256: string; readonly size: number };
}

describe.each(['local', 'ssh', 's3'] as const)('retention on %s', (kind) => {
  it('keeps as many copies of each directory as configured, there and locally, and no directory takes from its neighbour', async () => {
    using sandbox = createSandbox();
    // `/x/home` is a prefix of `/x/home2`, and so are their copies' names.
    const folders = ['home', 'home2'].map((name) => join(sandbox.file(`${name}/file`, name), '..'));
    const sections = destinationSections(kind, sandbox, lab);
    sandbox.configure({
      source: { backup_dirs: folders.join(' ') },
      ...sections,
      destination: { ...sections['destination'], keep_local_path: join(sandbox.dir, 'keep') },
      retention: { daily_copies: 2 },
      retention_local: { daily_copies: 1 },
      measures: { log: join(sandbox.dir, 'measures.log') },
    });
    for (let run = 0; run < 3; run += 1) {
      expect(await sandbox.backup()).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    }
    const { stdout } = await sandbox.run('ls', '--json');
    const copies = (JSON.parse(stdout) as { copies: Listed[] }).copies.filter(({ key }) =>
      key.includes(sandbox.dir.replaceAll('/', '_')),
    );
    const count = (place: string, folder: string) =>
      copies.filter((copy) => copy.place === place && copy.status.source_path === folder).length;
    expect(folders.map((folder) => [count('remote', folder), count('local', folder)])).toEqual([
      [2, 1],
      [2, 1],
    ]);
    for (const copy of copies) {
      expect(copy).toMatchObject({ listed: true, status: { size: copy.size } });
      expect(copy.key.startsWith(`${hostname()}/daily/files/`)).toBe(true);
    }
  });
});
