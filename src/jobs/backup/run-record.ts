import { existsSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { Config } from '../../config/config.ts';
import { SERVER_SOURCE } from '../../copies/mysql-copy.ts';
import { RUN_TYPES, type RunType } from '../../copies/run-type.ts';
import type { BackupOutcome, Part, Report } from '../../exporters/report.ts';
import { secondsSince, toSeconds } from '../../units.ts';
import type { JobContext } from '../job-context.ts';

export const MYSQL_PART: Part = { media: 'mysql', source: SERVER_SOURCE };
export const BINLOG_PART: Part = { media: 'binlog', source: 'binlog' };

/** A directory as a part of a run. */
export function directoryPart(source: string): Part {
  return { media: 'files', source };
}

/** Whether the configuration has a server whose binary logs are to be copied; with backup_mysql off, one it can log in to. */
export function hasServer({ mysql, source }: Config): boolean {
  return mysql !== undefined && (source.backupMysql || existsSync(mysql.defaultsFile));
}

/** The directories that a run of this type backs up. */
export function listDirectories({ source }: Config, runType: RunType): readonly string[] {
  return source.runTypes.includes(runType) ? source.backupDirs : [];
}

/** Which parts a run has. */
export interface RunKind {
  readonly runType: RunType;
  readonly binlogsOnly: boolean;
}

/** What a run backs up. */
export function listParts(config: Config, { runType, binlogsOnly }: RunKind): Part[] {
  const { backupMysql } = config.source;
  const parts = [
    ...listDirectories(config, runType).map(directoryPart),
    ...(backupMysql ? [MYSQL_PART] : []),
    ...(hasServer(config) ? [BINLOG_PART] : []),
  ];
  return parts.filter(({ media }) => !binlogsOnly || media === 'binlog');
}

/** What a configuration backs up in all of its runs. */
export function listConfigured(config: Config): NonNullable<Report['configured']> {
  const runTypes = RUN_TYPES.filter((runType) => config.intervals[runType]);
  return runTypes.flatMap((runType) =>
    listParts(config, { runType, binlogsOnly: false }).map((part) => ({ ...part, runType })),
  );
}

/** Notes what comes of each part of a run. */
export interface RunRecord {
  /** Does the work of a part, which returns the bytes it stored, and notes its end; its error is thrown on. */
  note(part: Part, work: () => Promise<number>): Promise<void>;
  /** One for each part of the run; those that were never begun have failed. */
  outcomes(): BackupOutcome[];
}

export function createRunRecord(
  { runType, binlogsOnly }: RunKind,
  { config, now }: Pick<JobContext, 'config' | 'now'>,
): RunRecord {
  const parts = listParts(config, { runType, binlogsOnly });
  const noted = new Map<string, BackupOutcome>();
  const describe = (part: Part, start: number, size: number | undefined): BackupOutcome => ({
    ...part,
    work: 'backup',
    runType,
    succeeded: size !== undefined,
    finished: toSeconds(now()),
    duration: secondsSince(start),
    size: size ?? 0,
  });
  return {
    async note(part, work) {
      const start = performance.now();
      let size: number | undefined;
      try {
        size = await work();
      } finally {
        noted.set(part.source, describe(part, start, size));
      }
    },
    outcomes: () =>
      parts.map((part) => noted.get(part.source) ?? describe(part, performance.now(), undefined)),
  };
}
