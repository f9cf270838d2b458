import { ioPriority, size, wholeNumber } from './kinds.ts';
import { option, type ValueOf } from './option.ts';
import type { Options } from './options.ts';

/** How much of the machine a command takes. */
export interface LimitsConfig {
  /** Bytes a second to and from the places of the copies; absent: as many as there are. */
  readonly maxRate: number | undefined;
  /** What is added to the niceness of programs that work on much data; absent: nothing. */
  readonly nice: number | undefined;
  /** Their turn at the disks; absent: as their niceness has it. */
  readonly ionice: ValueOf<typeof LIMITS_OPTIONS.ionice>;
}

const KIB = 1024;

/** The options of section [limits]. */
export const LIMITS_OPTIONS = {
  max_rate: option(
    size(64 * KIB, KIB ** 4, 'a size from 64K to 1024G, such as 20M'),
    undefined,
    'The most bytes a second that a command writes of copies to the destination or reads of them, all copies together; absent: no limit.',
  ),
  nice: option(
    wholeNumber(0, 19),
    undefined,
    'What is added to the niceness of the programs that read, pack, encrypt, unpack and prepare copies: 19 leaves the processors to all others. Absent: nothing.',
  ),
  ionice: option(
    ioPriority,
    undefined,
    'The turn of these programs at the disks, which needs the program ionice (package util-linux) and a disk scheduler that heeds it (BFQ); absent: as others.',
  ),
};

/** Section [limits]. */
export function readLimits(options: Options): LimitsConfig {
  return {
    maxRate: options.get('limits', 'max_rate'),
    nice: options.get('limits', 'nice'),
    ionice: options.get('limits', 'ionice'),
  };
}
