import type { Config } from '../config/config.ts';
import type { Doubt } from '../config/doubtful-files.ts';
import type { Destination } from '../destinations/destination.ts';
import type { Integrity } from '../integrity/integrity.ts';
import type { StoredRecord } from '../lock/stored-record.ts';
import type { VerifiedRecord } from '../lock/verified-record.ts';
import type { Log, WarnLasting } from '../log.ts';
import type { ChosenPrograms } from '../mysql/copy/copy-programs.ts';
import type { RateLimit } from '../pipeline/rate-limit.ts';

/** Shows how far a piece of work has come; silent off a terminal. */
export interface Progress {
  /** Begins a line; `totalBytes` is known or estimated, `undefined` when neither. */
  begin(title: string, totalBytes?: number, about?: ProgressKind): ProgressLine;
}

/** What a line of progress is about. */
export interface ProgressKind {
  /** What is being done with what the title names: `Reading`. */
  readonly phase?: string;
  /** The total is a guess, such as the size of the last copy. */
  readonly isGuess?: boolean;
  /** No bytes are counted; the line shows only that something goes on, and for how long. */
  readonly isStep?: boolean;
}

export interface ProgressLine {
  advance(bytes: number): void;
  end(): void;
}

/** Where a line of progress would be in the way, or nobody sees it. */
export const NO_PROGRESS: Progress = {
  begin: () => ({ advance: () => undefined, end: () => undefined }),
};

/** How large copies became that their destination could not hold, by the title of their source. */
export interface OutgrownSizes {
  /** Bytes, and whether that was within the last week; undefined: the last copy was stored. */
  reached(title: string): { readonly bytes: number; readonly isOfLate: boolean } | undefined;
  /** Remembers this for the next run; `undefined`: a copy was stored. */
  note(title: string, bytes: number | undefined): void;
}

/** What every job works with. */
export interface JobContext {
  readonly config: Config;
  /** Absolute path of the configuration file; undefined: the usual one. Commands that are printed have to name it. */
  readonly configFile?: string | undefined;
  /** This host's name as it stands in keys. */
  readonly host: string;
  /** What tells this machine from others of that name in the status. Makes its ID where there is none yet. */
  readonly machineId: () => string;
  /** Where the configuration has the copies go; that may be a folder of this machine. */
  readonly destination: Destination;
  /** Where keep_local_path keeps copies before encryption, when it is configured. */
  readonly local: Destination | undefined;
  /** The programs for MySQL that the command line names, else those of the configuration. */
  readonly programs: ChosenPrograms;
  readonly integrity: Integrity;
  /** What this machine remembers of the destination; absent: nothing. */
  readonly stored?: StoredRecord;
  /** What this machine remembers of the copies it has verified; absent: nothing. */
  readonly verified?: VerifiedRecord;
  readonly log: Log;
  /**
   * Warns of a state that lasts. A backup says it when it begins or changes, and then weekly: a run
   * each hour must not mail the same line each hour. Other commands always say it.
   */
  readonly warnLasting: WarnLasting;
  /** What the next backup has to know of those that failed; absent: no backup is run. */
  readonly outgrown?: OutgrownSizes;
  /** What was doubtful before the job began. A backup gives it to `warnLasting`; of the other commands the command line does. */
  readonly doubts: readonly Doubt[];
  /** What all copies that are written and read share; absent: there is no limit. */
  readonly rateLimit?: RateLimit | undefined;
  readonly progress: Progress;
  /** Ends the job: SIGINT, SIGTERM, or a lock that was lost. */
  readonly signal: AbortSignal;
  /** Throws when the run has lost its lock, of which `signal` alone would say so seconds later. Absent where no lock is held. */
  readonly requireLock?: () => void;
  /** Processors of this machine. */
  readonly cores: number;
  readonly now: () => Date;
}
