import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Program } from '../process/program.ts';
import { COMPRESSOR_NAMES, COMPRESSORS } from './compressors.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** The Debian package that a compressor needs; none for what works in process. */
async function packageOf(name: (typeof COMPRESSOR_NAMES)[number]): Promise<string | undefined> {
  const stage = await COMPRESSORS[name].compress({ threads: 1, level: undefined });
  return 'debianPackage' in stage ? (stage satisfies Program).debianPackage : undefined;
}

describe.each(COMPRESSOR_NAMES)('what no row can say for %s', (name) => {
  it('is in the sample configuration and in the documentation', () => {
    expect(read('packaging/twindb-backup.cfg')).toMatch(new RegExp(`^# .*\\b${name}\\b`, 'm'));
    expect(read('docs/usage.md')).toContain(`\`${COMPRESSORS[name].suffix}\``);
  });

  it('is in the packages', async () => {
    const debianPackage = await packageOf(name);
    if (debianPackage === undefined) return;
    expect(read('docs/installation.md')).toContain(`\`${debianPackage}\``);
    expect(read('packaging/deb/control')).toMatch(
      new RegExp(`^(Depends|Suggests): .*\\b${debianPackage}\\b`, 'm'),
    );
  });
});
