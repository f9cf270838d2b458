/**
 * The start time for a copy's name. Local time repeats an hour when summer ends, and a copy must not take the name of an
 * older one, so the seconds go on until the name is free. `keyAt` makes the key before the suffixes.
 */
export function unusedStart(keys: readonly string[], keyAt: (start: Date) => string, now: Date): Date {
  let start = now;
  const isTaken = (key: string) => keys.some((other) => other.startsWith(key));
  while (isTaken(keyAt(start))) start = new Date(start.getTime() + 1000);
  return start;
}
