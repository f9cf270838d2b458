import type { ProgramEnd } from '../errors.ts';

/** GNU tar's exit code for errors. Source: its manual, 3.1. */
const FAILED = 2;

/** Its last line when it has gone through the whole archive in spite of errors; other ends are in its middle. */
const WENT_ON = /^(?:\S*\/)?\w*tar: Exiting with failure status due to previous errors$/;

/** What says more than that one member cannot be made: a damaged archive, or a disk on which no further one can be either. */
const TELLS_MORE =
  /Skipping to next header|Unexpected EOF|does not look like a tar archive|: (Wrote only .*|.*: (No space left on device|Disk quota exceeded|Input\/output error|Read-only file system))$/;

/** Lines kept: enough for an operator to see of what kind they are. */
const MAX_LINES = 20;

/** Takes what tar says of members that it cannot make while it extracts: device nodes in a container, names that are too long here. */
export class TarRefusals {
  /** The first of its lines. */
  readonly lines: string[] = [];
  count = 0;
  #tellsMore = false;

  /** Takes a line of its stderr. */
  take(line: string): void {
    if (WENT_ON.test(line)) return;
    this.#tellsMore ||= TELLS_MORE.test(line);
    this.count += 1;
    if (this.lines.length < MAX_LINES) this.lines.push(line);
  }

  /** It has made all members: what it has said, such as that a time lies in the future, was only a remark. */
  forget(): void {
    this.lines.length = 0;
    this.count = 0;
  }

  /** Whether all that it could not do was to make some members. */
  allow({ exitCode, stderr }: ProgramEnd): boolean {
    return exitCode === FAILED && this.count > 0 && !this.#tellsMore && WENT_ON.test(stderr.at(-1) ?? '');
  }
}
