const HOUR = 3600;
const DAY = 24 * HOUR;

/** What there is to say of a run type. */
interface RunTypeRow {
  /** Seconds from one run to the next. */
  readonly interval: number;
  /** How many copies to keep unless the configuration says. */
  readonly copies: number;
}

/**
 * Every run type, one row each, from the most to the least frequent: the order decides what may be whose parent (contract: full or
 * incremental).
 */
export const RUN_TYPE_TABLE = {
  hourly: { interval: HOUR, copies: 24 },
  daily: { interval: DAY, copies: 7 },
  weekly: { interval: 7 * DAY, copies: 4 },
  monthly: { interval: 30 * DAY, copies: 12 },
  yearly: { interval: 365 * DAY, copies: 3 },
} satisfies Readonly<Record<string, RunTypeRow>>;

export type RunType = keyof typeof RUN_TYPE_TABLE;

/** In the order of the table. */
export const RUN_TYPES = Object.keys(RUN_TYPE_TABLE) as readonly RunType[];

export function isRunType(text: string): text is RunType {
  return Object.hasOwn(RUN_TYPE_TABLE, text);
}

/** A value for each run type. */
export function byRunType<T>(valueOf: (runType: RunType) => T): Record<RunType, T> {
  return Object.fromEntries(RUN_TYPES.map((runType) => [runType, valueOf(runType)])) as Record<RunType, T>;
}

/** Whether the next run is so near that one which is left out needs no message: it would be a mail each hour, of cron. */
export function isSoonRunAgain(runType: RunType): boolean {
  return RUN_TYPE_TABLE[runType].interval <= HOUR;
}
