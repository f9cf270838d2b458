import { chooseCompressor } from '../compression/compressors.ts';
import type { Config, GpgConfig } from '../config/config.ts';
import { createGpg } from './gpg.ts';
import { type Modifier, SUFFIXES, type Suffix } from './modifier.ts';

type ChainConfig = Pick<Config, 'compression' | 'gpg'>;

/** Decryption needs no recipient, so a copy can be restored without a [gpg] section if the default home has the key. */
const DEFAULT_HOME: GpgConfig = { recipient: '', keyring: undefined, secretKeyring: undefined };

/** The transformations of a backup in the order of their application; keep-local takes the stream after the first. */
export function backupChain(config: ChainConfig, cores: number): [Modifier, ...Modifier[]] {
  const compressor = chooseCompressor(config.compression, cores);
  return config.gpg === undefined ? [compressor] : [compressor, createGpg(config.gpg)];
}

/** The suffixes at the end of a copy's name, in the order of their application. */
export function readSuffixes(name: string): Suffix[] {
  const suffix = SUFFIXES.find((candidate) => name.endsWith(candidate));
  return suffix === undefined ? [] : [...readSuffixes(name.slice(0, -suffix.length)), suffix];
}

/** The transformations that give back what a copy of this name was made from, in the order to `invert` them. */
export function restoreChain(name: string, config: ChainConfig, cores: number): Modifier[] {
  return readSuffixes(name)
    .toReversed()
    .map((suffix) => modifierFor(suffix, config, cores));
}

/** The configured program where it reads this suffix, since the operator has it installed. */
function modifierFor(suffix: Suffix, config: ChainConfig, cores: number): Modifier {
  const configured = backupChain(config, cores).find((modifier) => modifier.suffix === suffix);
  if (configured !== undefined) return configured;
  const compressor = (program: 'gzip' | 'bzip2' | 'zstd') =>
    chooseCompressor({ program, threads: undefined, level: undefined }, cores);
  switch (suffix) {
    case '.gz':
      return compressor('gzip');
    case '.bz':
      return compressor('bzip2');
    case '.zst':
      return compressor('zstd');
    case '.gpg':
      return createGpg(DEFAULT_HOME);
  }
}
