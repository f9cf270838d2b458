/** The run types from the most to the least frequent; the order decides what may be whose parent (contract: full or incremental). */
export const RUN_TYPES = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

export type RunType = (typeof RUN_TYPES)[number];

export function isRunType(text: string): text is RunType {
  return (RUN_TYPES as readonly string[]).includes(text);
}
