import { createGunzip } from 'node:zlib';
import type { CompressionConfig, CompressorName } from '../config/config.ts';
import type { Modifier } from '../modifiers/modifier.ts';
import type { Program } from '../process/program.ts';
import { ParallelGzip } from './parallel-gzip.ts';

/** What the formats of the Python tool default to (contract: `[compression] level`). */
const DEFAULT_LEVEL = 6;

interface Options {
  readonly threads: number;
  /** Absent: the program's own default. */
  readonly level: number | undefined;
}

/**
 * Every compressor, one row each: what the key ends in, and both directions. Two programs of one format share a
 * suffix and are each other's inverse.
 */
const COMPRESSORS: { readonly [Name in CompressorName]: (options: Options) => Modifier } = {
  gzip: ({ threads, level = DEFAULT_LEVEL }) => ({
    suffix: '.gz',
    apply: async () => new ParallelGzip({ threads, level }),
    invert: async () => createGunzip({ chunkSize: 1 << 18 }),
  }),
  pigz: ({ threads, level = DEFAULT_LEVEL }) => ({
    suffix: '.gz',
    apply: async () => program('pigz', [`-${level}`, '--processes', String(threads)]),
    invert: async () => program('pigz', ['--decompress', '--processes', String(threads)]),
  }),
  bzip2: ({ level = DEFAULT_LEVEL }) => ({
    suffix: '.bz',
    apply: async () => program('bzip2', [`-${level}`]),
    invert: async () => program('bzip2', ['--decompress']),
  }),
  lbzip2: ({ threads, level = DEFAULT_LEVEL }) => ({
    suffix: '.bz',
    apply: async () => program('lbzip2', [`-${level}`, '-n', String(threads)]),
    invert: async () => program('lbzip2', ['--decompress', '-n', String(threads)]),
  }),
  zstd: ({ threads, level }) => ({
    suffix: '.zst',
    apply: async () =>
      program('zstd', ['--quiet', `--threads=${threads}`, ...(level === undefined ? [] : [`-${level}`])]),
    invert: async () => program('zstd', ['--quiet', '--decompress']),
  }),
};

function program(command: string, args: readonly string[]): Program {
  return { command, args: [...args, '--stdout'], debianPackage: command };
}

/** The configured compressor; `cores` is how many threads it gets unless the configuration says. */
export function chooseCompressor(config: CompressionConfig, cores: number): Modifier {
  return COMPRESSORS[config.program]({ threads: config.threads ?? cores, level: config.level });
}
