import { describeError } from '../../errors.ts';

/** What has been changed on the other host, and how to change it back. */
export interface Changes {
  /** Notes down a change before it is made. `remains`: what the operator finds if it cannot be undone. */
  add(remains: string, undo: () => Promise<void>): void;
  /** Undoes all, the last one first; a failure does not stop the rest. Returns what remains, a line each. */
  undoAll(): Promise<string[]>;
}

export function noteChanges(): Changes {
  const changes: { remains: string; undo: () => Promise<void> }[] = [];
  return {
    add: (remains, undo) => void changes.push({ remains, undo }),
    async undoAll() {
      const left: string[] = [];
      for (const { remains, undo } of changes.toReversed()) {
        await undo().catch((error: unknown) => left.push(`${remains} (${describeError(error)})`));
      }
      return left;
    },
  };
}
