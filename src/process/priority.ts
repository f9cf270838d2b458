/** Which share of the machine programs get that work on much data. */
interface Priority {
  /** What is added to their niceness, 1 to 19; 0 or undefined: nothing. */
  readonly nice: number | undefined;
  /** Their turn at the disks: after everybody else's, or a level of 0 (first) to 7 among the usual; undefined: by their niceness. */
  readonly ionice: IoPriority | undefined;
}

type IoPriority = 'idle' | { readonly bestEffort: number };

/** Of this process, as its environment is; its configuration is read once. */
let words: readonly string[] = [];

/** From now on, programs that work on much data are started with this priority. */
export function setPriority(priority: Priority): void {
  words = priorityWords(priority);
}

/** The command in front of a program that works on much data; none where nothing is to be changed. */
export function inFront(): readonly string[] {
  return words;
}

/**
 * Commands that replace themselves with the program, so that its PID, its end and its children are as without them. ionice gets `-t`: where the
 * kernel refuses, as in some containers, the program runs all the same; nice does so by itself. Classes by number, as old releases know no names.
 */
export function priorityWords({ nice, ionice }: Priority): string[] {
  const io = ionice === 'idle' ? ['-c', '3'] : ['-c', '2', '-n', String(ionice?.bestEffort)];
  return [
    ...(nice ? ['nice', '-n', String(nice)] : []),
    ...(ionice === undefined ? [] : ['ionice', '-t', ...io]),
  ];
}
