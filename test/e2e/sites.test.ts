import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { useLab } from '../lab/lab.ts';
import { createSandbox, destinationSections, type Sandbox } from './cli.ts';

const lab = useLab();
const SITES = `sites-${process.pid}`;

function configure(sandbox: Sandbox, site: string): void {
  const sections = destinationSections('s3', sandbox, lab);
  sandbox.configure({
    source: { backup_dirs: join(sandbox.file(`${site}/file`, site), '..') },
    ...sections,
    s3: { ...sections['s3'], prefix: `${SITES}/${site}` },
    measures: { log: join(sandbox.dir, 'measures.log') },
  });
}

it('two sites of one bucket each list, restore and share their own copies, by locations below their prefix', async () => {
  using sandbox = createSandbox();
  for (const site of ['one', 'two']) {
    configure(sandbox, site);
    expect(await sandbox.backup()).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    const { stdout } = await sandbox.run('ls');
    const copies = stdout.trim().split('\n');
    expect(copies).toHaveLength(1);
    const [copy = ''] = copies;
    expect(copy.startsWith(`s3://${lab.s3.bucket}/${SITES}/${site}/`)).toBe(true);
    const dst = join(sandbox.dir, `restored ${site}`);
    expect(await sandbox.run('restore', 'file', copy, '--dst', dst)).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    expect(existsSync(join(dst, sandbox.dir, site, 'file'))).toBe(true);
    const shared = await sandbox.run('share', copy);
    expect((await fetch(shared.stdout.trim())).status).toBe(200);
    expect(await sandbox.run('check')).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
  }
});
