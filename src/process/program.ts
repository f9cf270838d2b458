import type { ProgramEnd } from '../errors.ts';

/** A user by number, with the one group that it gets. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** A program to run as one stage of a pipeline: it reads stdin, writes stdout, and has done its work only with exit 0. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** Variables it gets beside those that every child gets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Whom it runs as, where that is somebody else: only root may name one. */
  readonly account?: Account;
  /** The Debian package that holds the command, for the message when it is not installed; absent: the operator chose the command. */
  readonly debianPackage?: string;
  /** Whether an end with another exit code than 0 means success; without it none does. */
  readonly allows?: (end: ProgramEnd) => boolean;
  /** It works on much data, so what the operator says of priorities is for it; see priority.ts. */
  readonly isHeavy?: true;
  /** It may have done its work before the end of its input: what follows is read and dropped, so that it breaks no pipe. */
  readonly stopsEarly?: true;
  /** It is killed with all that it has started when this process ends, however that ends. Its stdin is then empty, and the pipe is ours to hold. */
  readonly lifeline?: true;
  /** What the operator can do about a failure, where the way it ended tells. */
  readonly remedyFor?: (end: ProgramEnd) => string | undefined;
  /** Words that stand in one of the last lines of its stderr when it has done its work; without them exit 0 is a failure too. */
  readonly lastWords?: string;
  /** A line of its stderr that means failure although it exits 0: some programs say so, and go on. */
  readonly failureLine?: RegExp;
  /** Takes secrets out of a line it writes to stderr, before anyone else gets it. */
  readonly redact?: (line: string) => string;
  /** Gets each line it writes to stderr, as it comes. */
  readonly onStderrLine?: (line: string) => void;
  /** Called once when it has succeeded, and awaited; when it throws, the program counts as failed. */
  readonly onSuccess?: (end: ProgramEnd) => unknown;
  /** Releases what was acquired for it; called once after it has ended, however it ended, or when it never started. */
  readonly release?: () => Promise<void>;
}
