import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { removeLinks } from './tablespace-links.ts';

it('takes the links of tables and partitions out of every schema, and nothing else', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'twindb-links-'));
  try {
    const files = ['a/t.isl', 'a/t.ibd', 'a/t.frm', 'b@0020c/p#P#p0.isl', 'b@0020c/isl.MYD', 'ibdata1'];
    for (const schema of ['a', 'b@0020c']) mkdirSync(join(dir, schema));
    for (const file of files) writeFileSync(join(dir, file), '');
    expect((await removeLinks(dir)).toSorted()).toEqual(['a/t', 'b@0020c/p#P#p0']);
    const left = files.filter((file) => !file.endsWith('.isl')).concat('a', 'b@0020c');
    expect(readdirSync(dir, { recursive: true, encoding: 'utf8' }).toSorted()).toEqual(left.toSorted());
    expect(await removeLinks(dir)).toEqual([]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
