import { COMPRESSORS } from '../compression/compressors.ts';
import type { CompressionConfig } from '../config/config.ts';
import type { Modifier } from './modifier.ts';

/** The configured compressor; `cores` is how many threads it gets unless the configuration says. */
export function chooseCompressor(config: CompressionConfig, cores: number): Modifier {
  const { suffix, levels, compress, decompress } = COMPRESSORS[config.program];
  const options = { threads: config.threads ?? cores, level: config.level ?? levels.fallback };
  return { suffix, apply: () => compress(options), invert: () => decompress(options) };
}
