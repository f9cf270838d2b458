import { describe, expect, it } from 'vitest';
import { testCompressor } from '../../test/contract/compressor.ts';
import type { Program } from '../process/program.ts';
import { chooseCompressor } from './choose-compressor.ts';

// The slower ones, and those that not every machine has, are tried in test/integration/compressors.test.ts.
testCompressor('gzip', { command: 'gzip' });
testCompressor('zstd', { command: 'zstd' });

async function argsOf(
  program: 'pigz' | 'lbzip2' | 'zstd',
  threads?: number,
  level?: number,
): Promise<string> {
  return ((await chooseCompressor({ program, threads, level }, 6).apply()) as Program).args.join(' ');
}

describe('the command lines of the compressors', () => {
  it('threads are as configured, and all cores otherwise', async () => {
    expect(await argsOf('pigz', 3)).toContain('--processes 3');
    expect(await argsOf('pigz')).toContain('--processes 6');
    expect(await argsOf('lbzip2', 3)).toContain('-n 3');
    expect(await argsOf('lbzip2')).toContain('-n 6');
    expect(await argsOf('zstd', 3)).toContain('--threads=3');
    expect(await argsOf('zstd')).toContain('--threads=6');
  });

  it('the level is as configured, 6 otherwise, and zstd chooses its own', async () => {
    expect(await argsOf('pigz', 1, 9)).toContain('-9');
    expect(await argsOf('pigz')).toContain('-6');
    expect(await argsOf('lbzip2')).toContain('-6');
    expect(await argsOf('zstd', 1, 9)).toContain('-9');
    expect(await argsOf('zstd', 1)).toBe('--quiet --threads=1 --stdout');
  });
});
