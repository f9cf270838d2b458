import { COMPRESSOR_NAMES } from '../compression/compressors.ts';
import type { Config, GpgConfig } from '../config/config.ts';
import { chooseCompressor } from './choose-compressor.ts';
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
  const readers = [...backupChain(config, cores), ...unconfigured(cores)];
  return readSuffixes(name)
    .toReversed()
    .flatMap((suffix) => readers.find((reader) => reader.suffix === suffix) ?? []);
}

/** What reads each suffix when nothing that is configured does: the operator has the configured program installed. */
function unconfigured(cores: number): Modifier[] {
  const compressors = COMPRESSOR_NAMES.map((program) =>
    chooseCompressor({ program, threads: undefined, level: undefined }, cores),
  );
  return [...compressors, createGpg(DEFAULT_HOME)];
}
