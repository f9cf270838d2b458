import type { Stage } from '../pipeline/run-pipeline.ts';
import type { Program } from '../process/program.ts';

interface Options {
  readonly threads: number;
  /** Absent: the program's own default. */
  readonly level: number | undefined;
}

/** A compressor: all that is said of it anywhere. The type of its suffix is what the names of copies can end in. */
interface Compressor {
  /** What it adds to the name of a copy. Programs of one format share it, and are each other's inverse. */
  readonly suffix: `.${string}`;
  /** Levels go from 1 to `max`; `fallback` is what counts when none is configured, absent: the program's own. */
  readonly levels: { readonly max: number; readonly fallback: number | undefined };
  /** What decompresses the format on another host, where only what is usual there is installed. */
  readonly elsewhere: { readonly words: readonly [string, ...string[]]; readonly debianPackage: string };
  compress(options: Options): Promise<Stage>;
  decompress(options: Options): Promise<Stage>;
}

/** The levels of the Python tool, and what it defaults to (contract: `[compression] level`). */
const UP_TO_9 = { max: 9, fallback: 6 };

const GZ = {
  suffix: '.gz',
  levels: UP_TO_9,
  elsewhere: { words: ['gzip', '-dc'], debianPackage: 'gzip' },
} as const;
const BZ = {
  suffix: '.bz',
  levels: UP_TO_9,
  elsewhere: { words: ['bzip2', '-dc'], debianPackage: 'bzip2' },
} as const;

/**
 * Every compressor, one row each. The first row of a suffix is the one that reads it when another format is configured.
 * The command line loads this table, so what works in process is loaded when it is used.
 */
export const COMPRESSORS = {
  gzip: {
    ...GZ,
    compress: async (options) => new (await import('./parallel-gzip.ts')).ParallelGzip(options),
    decompress: async () => (await import('node:zlib')).createGunzip({ chunkSize: 1 << 18 }),
  },
  pigz: {
    ...GZ,
    compress: async ({ threads, level }) =>
      program('pigz', [...levelWords(level), '--processes', String(threads)]),
    decompress: async ({ threads }) => program('pigz', ['--decompress', '--processes', String(threads)]),
  },
  bzip2: {
    ...BZ,
    compress: async ({ level }) => program('bzip2', levelWords(level)),
    decompress: async () => program('bzip2', ['--decompress']),
  },
  lbzip2: {
    ...BZ,
    compress: async ({ threads, level }) => program('lbzip2', [...levelWords(level), '-n', String(threads)]),
    decompress: async ({ threads }) => program('lbzip2', ['--decompress', '-n', String(threads)]),
  },
  zstd: {
    suffix: '.zst',
    levels: { max: 19, fallback: undefined },
    elsewhere: { words: ['zstd', '-dcq'], debianPackage: 'zstd' },
    compress: async ({ threads, level }) =>
      program('zstd', ['--quiet', `--threads=${threads}`, ...levelWords(level)]),
    decompress: async () => program('zstd', ['--quiet', '--decompress']),
  },
} satisfies Readonly<Record<string, Compressor>>;

export type CompressorName = keyof typeof COMPRESSORS;

/** What the name of a compressed copy ends in. */
export type CompressedSuffix = (typeof COMPRESSORS)[CompressorName]['suffix'];

/** In the order of the table. */
export const COMPRESSOR_NAMES = Object.keys(COMPRESSORS) as CompressorName[];

function levelWords(level: number | undefined): string[] {
  return level === undefined ? [] : [`-${level}`];
}

/** A program that reads stdin and writes stdout; its Debian package is called as it is, unless said otherwise. */
function program(command: string, args: readonly string[], debianPackage = command): Program {
  return { command, args: [...args, '--stdout'], debianPackage, isHeavy: true };
}
