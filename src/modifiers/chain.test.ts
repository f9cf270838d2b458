import { describe, expect, it } from 'vitest';
import { runStage } from '../../test/fixtures/run-stage.ts';
import type { CompressorName } from '../compression/compressors.ts';
import type { GpgConfig } from '../config/config.ts';
import type { Program } from '../process/program.ts';
import { backupChain, readSuffixes, restoreChain } from './chain.ts';
import type { Modifier } from './modifier.ts';

const GPG: GpgConfig = { recipient: 'a@b.test', keyring: undefined, secretKeyring: undefined };
const configOf = (program: CompressorName, gpg?: GpgConfig) => ({
  compression: { program, threads: undefined, level: undefined },
  gpg,
});
const suffixesOf = (chain: readonly Modifier[]) => chain.map((modifier) => modifier.suffix);

/** What a restore would run: the program's name, or nothing for what works in process. */
async function commandsOf(name: string, program: CompressorName): Promise<(string | undefined)[]> {
  const chain = restoreChain(name, configOf(program), 2);
  const stages = await Promise.all(chain.map((modifier) => modifier.invert(() => undefined)));
  return stages.map((stage) => ('command' in stage ? (stage satisfies Program).command : undefined));
}

describe('the suffixes of a name', () => {
  it.each([
    ['_etc-2026-01-01_00_00_00.tar', []],
    ['_etc-2026-01-01_00_00_00.tar.gz', ['.gz']],
    ['_etc-2026-01-01_00_00_00.tar.bz', ['.bz']],
    ['_etc-2026-01-01_00_00_00.tar.zst', ['.zst']],
    ['_etc-2026-01-01_00_00_00.tar.gz.gpg', ['.gz', '.gpg']],
    ['_etc-2026-01-01_00_00_00.tar.bz.gpg', ['.bz', '.gpg']],
    ['_etc-2026-01-01_00_00_00.tar.zst.gpg', ['.zst', '.gpg']],
    ['_etc-2026-01-01_00_00_00.tar.gpg', ['.gpg']],
    ['mysql-bin.000001.gz', ['.gz']],
    // A directory may be called like this; its copy's name goes on after it.
    ['_srv_x.gz.gpg-2026-01-01_00_00_00.tar.zst', ['.zst']],
  ])('%s: %j', (name, suffixes) => {
    expect(readSuffixes(name)).toEqual(suffixes);
  });
});

describe('the chain of a backup', () => {
  it.each([
    ['gzip', '.gz'],
    ['pigz', '.gz'],
    ['bzip2', '.bz'],
    ['lbzip2', '.bz'],
    ['zstd', '.zst'],
  ] as const)('%s adds %s, and gpg comes last', (program, suffix) => {
    expect(suffixesOf(backupChain(configOf(program), 2))).toEqual([suffix]);
    expect(suffixesOf(backupChain(configOf(program, GPG), 2))).toEqual([suffix, '.gpg']);
  });
});

describe('the chain of a restore', () => {
  it.each(['gzip', 'pigz', 'bzip2', 'lbzip2', 'zstd'] as const)(
    'comes from the name of the copy when %s is configured by now',
    async (program) => {
      const config = configOf(program);
      for (const suffix of ['.gz', '.bz', '.zst'] as const) {
        expect(suffixesOf(restoreChain(`x.tar${suffix}`, config, 2))).toEqual([suffix]);
        expect(suffixesOf(restoreChain(`x.tar${suffix}.gpg`, config, 2))).toEqual(['.gpg', suffix]);
      }
      expect(restoreChain('x.tar', config, 2)).toEqual([]);
    },
  );

  it('uses the configured program where it reads the format, and the usual one otherwise', async () => {
    expect(await commandsOf('x.tar.gz', 'pigz')).toEqual(['pigz']);
    expect(await commandsOf('x.tar.gz', 'zstd')).toEqual([undefined]);
    expect(await commandsOf('x.tar.bz', 'lbzip2')).toEqual(['lbzip2']);
    expect(await commandsOf('x.tar.bz', 'gzip')).toEqual(['bzip2']);
    expect(await commandsOf('x.tar.zst', 'gzip')).toEqual(['zstd']);
  });

  it('decrypts without a [gpg] section, with the default home', async () => {
    expect(await commandsOf('x.tar.gz.gpg', 'pigz')).toEqual(['gpg', 'pigz']);
  });

  it.each([
    ['gzip', 'zstd'],
    ['zstd', 'gzip'],
  ] as const)('gives back a copy made with %s after the change to %s', async (before, after) => {
    const input = Buffer.from('rows '.repeat(10_000));
    const [compressor] = backupChain(configOf(before), 2);
    const packed = await runStage(await compressor.apply(), input);
    const [inverse] = restoreChain(`x.tar${compressor.suffix}`, configOf(after), 2);
    const stage = await inverse?.invert(() => undefined);
    expect(stage && (await runStage(stage, packed)).equals(input)).toBe(true);
  });
});
