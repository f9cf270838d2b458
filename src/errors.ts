import { asOneLine } from './foreign-text.ts';

/**
 * The errors this tool throws on purpose. Each message names the operation, the object and the reason;
 * `remedy` says what the operator can do, `cause` keeps what lies beneath. Exit codes are the business of `cli/`.
 */

interface ErrorDetails {
  readonly cause?: unknown;
  /** The message says in plainer words all that the cause says: the operator need not read that too. */
  readonly isExplained?: boolean;
  /** The message has several lines on purpose: what others chose in it is escaped already. Else a line break is not ours. */
  readonly hasLines?: boolean;
  /** One sentence that tells the operator what to do. */
  readonly remedy?: string;
}

/** Base of every expected error. Its message is meant for the operator; a stack trace is not needed. */
export class TwinDbError extends Error {
  override readonly name: string = 'TwinDbError';
  readonly remedy: string | undefined;
  /** Whether the message makes that of the cause superfluous. */
  readonly isExplained: boolean;
  /** Whether the line breaks of the message are ours. */
  readonly hasLines: boolean;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.isExplained = details.isExplained ?? false;
    this.hasLines = details.hasLines ?? false;
    this.remedy = details.remedy;
  }
}

/** The configuration file is absent, unreadable or says something that cannot be. */
export class ConfigError extends TwinDbError {
  override readonly name = 'ConfigError';
}

/** The command cannot be given like that. */
export class UsageError extends TwinDbError {
  override readonly name = 'UsageError';
}

/** A destination could not read, write, list or delete. */
export class StorageError extends TwinDbError {
  override readonly name: string = 'StorageError';
}

/** A copy is larger than its destination was prepared for; prepared for more, it may fit. */
export class OutgrownError extends StorageError {
  override readonly name = 'OutgrownError';
  /** Bytes that had come by then. */
  readonly size: number;

  constructor(message: string, { size, ...details }: ErrorDetails & { readonly size: number }) {
    super(message, details);
    this.size = size;
  }
}

/** What is under a key is not what a write may replace: another run has written it. Nothing was replaced. */
export class ConflictError extends StorageError {
  override readonly name = 'ConflictError';
}

/** There is nothing under this key. */
export class ObjectNotFoundError extends StorageError {
  override readonly name = 'ObjectNotFoundError';
}

/** What was read is not what was written. */
export class IntegrityError extends TwinDbError {
  override readonly name = 'IntegrityError';
}

/** A copy cannot be used: it may be somebody else's, or was changed. */
export class UnauthenticatedError extends TwinDbError {
  override readonly name = 'UnauthenticatedError';
}

/** Another run holds the lock, and still did when the wait was over. */
export class LockTimeoutError extends TwinDbError {
  override readonly name = 'LockTimeoutError';
  /** Whether that run has gone on for far longer than it should. */
  readonly isOverdue: boolean;

  constructor(message: string, { isOverdue, ...details }: ErrorDetails & { readonly isOverdue: boolean }) {
    super(message, details);
    this.isOverdue = isOverdue;
  }
}

/** SIGINT or SIGTERM ended the work. */
export class InterruptedError extends TwinDbError {
  override readonly name = 'InterruptedError';
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`Interrupted by ${signal}`);
    this.signal = signal;
  }
}

/** How a program ended. */
export interface ProgramEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last lines it wrote to stderr, oldest first. */
  readonly stderr: readonly string[];
}

/** An external program failed: it could not be started, exited with a code that means failure, or was killed. */
export class ProcessError extends TwinDbError {
  override readonly name = 'ProcessError';
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: readonly string[];

  constructor(message: string, end: ProgramEnd, details: ErrorDetails = {}) {
    super(message, details);
    this.exitCode = end.exitCode;
    this.signal = end.signal;
    this.stderr = end.stderr;
  }
}

/** The short name that the system, Node.js or a server gave to what went wrong, such as `ENOENT`; undefined where there is none. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Whether what went wrong has one of these names. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(codeOf(error) ?? '');
}

/**
 * What `await using` makes of two errors: `suppressed` ended the work, `error` came on top while it cleaned up.
 * Node 20 has no class of that name and TypeScript makes a plain Error instead, so the name tells.
 */
interface SuppressedPair extends Error {
  readonly error: unknown;
  readonly suppressed: unknown;
}

function isSuppressedPair(error: unknown): error is SuppressedPair {
  return error instanceof Error && error.name === 'SuppressedError' && 'suppressed' in error;
}

/** What ended the work, whatever else failed after it while it cleaned up. */
export function firstErrorOf(error: unknown): unknown {
  return isSuppressedPair(error) ? firstErrorOf(error.suppressed) : error;
}

/** The error itself and everything it was caused by, outermost first, as far as the operator needs to know it. */
function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let current = error; current !== undefined && !chain.includes(current); ) {
    chain.push(current);
    const isEnough = current instanceof TwinDbError && current.isExplained;
    current = current instanceof Error && !isEnough ? firstErrorOf(current.cause) : undefined;
  }
  return chain;
}

/** What Node makes of an error of the system: `ENOENT: no such file or directory, open '/x'`. */
const SYSTEM_ERROR = /^[A-Z][A-Z0-9]*: (.+), [a-z_]+(?: '.*)?$/s;

/** What an error says, in one line unless its lines are ours. */
function linesOf(error: unknown, outer: readonly string[]): string {
  const words = wordsOf(error, outer);
  return error instanceof TwinDbError && error.hasLines ? words : asOneLine(words);
}

/** What an error says, without the system's own names for calls and codes. `outer` has been said already. */
function wordsOf(error: unknown, outer: readonly string[]): string {
  if (!(error instanceof Error)) return String(error);
  const reason = SYSTEM_ERROR.exec(error.message)?.[1];
  if (reason === undefined) return error.message || wordless(error, outer);
  const path = 'path' in error && typeof error.path === 'string' ? error.path : undefined;
  const isKnown = path === undefined || outer.some((words) => words.includes(path));
  return isKnown ? reason : `${reason} (${path})`;
}

/** For an error without words. Node has one for several attempts to connect that failed, and puts the words into those. */
function wordless(error: Error, outer: readonly string[]): string {
  const [first] = error instanceof AggregateError ? error.errors : [];
  return first === undefined ? (codeOf(error) ?? 'no reason is known') : wordsOf(first, outer);
}

/**
 * One readable message, in which no line begins with what others chose: the operation, why it failed down to the first cause, the program's last words and
 * the remedy, without a stack trace. What failed while the work was cleaned up follows on lines of its own.
 */
export function describeError(error: unknown): string {
  if (isSuppressedPair(error)) return `${describeError(error.suppressed)}\n${describeError(error.error)}`;
  const chain = causes(error);
  const reasons: string[] = [];
  for (const link of chain) {
    const words = linesOf(link, reasons);
    // A wrapper that quotes its cause must not say it twice, nor a cause that begins with the words of its wrapper.
    if (reasons.some((reason) => reason.includes(words))) continue;
    const last = reasons.at(-1);
    if (last !== undefined && words.startsWith(`${last}:`)) reasons.pop();
    reasons.push(words);
  }
  const lastWords = chain.find((link) => link instanceof ProcessError)?.stderr ?? [];
  const remedies = chain.flatMap((link) => (link instanceof TwinDbError && link.remedy ? [link.remedy] : []));
  return [
    reasons.join(': '),
    ...lastWords.map((line) => `  ${asOneLine(line)}`),
    ...new Set(remedies.map(asOneLine)),
  ].join('\n');
}
