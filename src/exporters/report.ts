import type { Media } from '../copies/key.ts';
import type { RunType } from '../copies/run-type.ts';

/** What a run backs up in one piece. */
export interface Part {
  readonly media: Media;
  /** The directory; `mysql` for the data of the server, `binlog` for its binary logs. */
  readonly source: string;
}

interface Ending {
  readonly succeeded: boolean;
  /** When it ended, in seconds since the epoch. */
  readonly finished: number;
  /** Seconds. */
  readonly duration: number;
}

/** What came of backing up a part. */
export interface BackupOutcome extends Ending, Part {
  readonly work: 'backup';
  readonly runType: RunType;
  /** Bytes stored on the destination; 0 when it failed. */
  readonly size: number;
}

/** What came of restoring a copy. */
export interface RestoreOutcome extends Ending {
  readonly work: 'restore';
  readonly media: Media;
}

/** What came of recovering the server's data up to a server that answers; `duration` is what a real recovery takes at least. */
export interface RecoveryOutcome extends Ending {
  readonly work: 'recovery';
  readonly media: Media;
  /** Seconds between the moment that the data hold and the beginning: what a loss just then would have cost; undefined: not known. */
  readonly rpo: number | undefined;
}

export type Outcome = BackupOutcome | RestoreOutcome | RecoveryOutcome;

/** What a run or a restore tells the monitoring. */
export interface Report {
  /** This host's name as it stands in keys. */
  readonly host: string;
  readonly outcomes: readonly Outcome[];
  /**
   * All that the configuration backs up, in whatever run: what is no longer among it can be forgotten. Undefined after a
   * restore, which may go by the configuration of another host.
   */
  readonly configured: readonly (Part & { readonly runType: RunType })[] | undefined;
}

/**
 * Brings a report to where `config` says. Ends early when the signal aborts. Throws a TwinDbError that names the place
 * and the reason, never a secret.
 */
export type Exporter<C> = (config: C, report: Report, signal: AbortSignal) => Promise<void>;
