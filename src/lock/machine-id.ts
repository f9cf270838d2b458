import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { hasCode } from '../errors.ts';

/** The ID of this machine, and why it will be another one next time, if it will. */
export interface Machine {
  /** 12 hex digits. */
  readonly id: string;
  /** Undefined when the ID is kept. */
  readonly problem: string | undefined;
}

/** Where the number is kept that the ID is made from: the first folder that has it, else the first where it can be made. */
export interface MachineFolders {
  readonly folders: readonly string[];
  /** Files whose content differs between a machine and its clone; those that cannot be read count as empty. */
  readonly facts: readonly string[];
}

const NAME = 'machine-id';
const STORED = /^[0-9a-f]{32}\n$/;

let known: Machine | undefined;

/**
 * This machine, for telling its runs from those of others with the same host name. Makes the number that the ID comes from
 * when there is none yet, so only what writes to a destination or makes temporary folders asks. Never throws.
 *
 * The number is random and kept in a file of ours: containers have no /etc/machine-id, and cloned virtual machines share it.
 * A clone that was taken later shares our file as well, so the ID is a digest of the number with /etc/machine-id and the
 * hardware's UUID (which hypervisors change for a clone, and root alone may read). A machine whose ID changes loses nothing:
 * what it left half-written is then removed after a day, as that of other machines is.
 */
export function thisMachine(): Machine {
  known ??= readMachine({
    folders: stateFolders(),
    facts: ['/etc/machine-id', '/sys/class/dmi/id/product_uuid'],
  });
  return known;
}

/** What machines have in the status that cannot keep an ID. They are not told apart: a new ID in each run would be worse. */
const UNKNOWN_MACHINE = 'unknown';

/**
 * What tells this machine from others in the status: the name that it was given by `[host] name`, else its ID, which is made where
 * there is none yet. Never throws.
 */
export function machineIdOf(givenName: string | undefined): string {
  if (givenName !== undefined) return givenName;
  const { id, problem } = thisMachine();
  return problem === undefined ? id : UNKNOWN_MACHINE;
}

/** The same for what must write nothing; of a machine without an ID it tells that no status has copies of it. */
export function knownMachineIdOf(givenName: string | undefined): string {
  if (givenName !== undefined) return givenName;
  const isMade = stateFolders().some((folder) => readNumber(join(folder, NAME)) !== undefined);
  return isMade ? machineIdOf(undefined) : 'not made yet';
}

/** Where this machine keeps what it has to remember: the first one that can be used counts. */
export function stateFolders(): readonly string[] {
  return ['/var/lib/twindb-backup', ownStateFolder()];
}

/** For accounts that may not write to /var/lib. Source: XDG Base Directory Specification, XDG_STATE_HOME. */
function ownStateFolder(): string {
  const chosen = process.env['XDG_STATE_HOME'];
  // A relative one is to be ignored, the specification says.
  return join(chosen?.startsWith('/') ? chosen : join(homedir(), '.local/state'), 'twindb-backup');
}

/** `thisMachine` with its paths; each call looks again. */
export function readMachine({ folders, facts }: MachineFolders): Machine {
  const problems: string[] = [];
  const number =
    folders.map((folder) => readNumber(join(folder, NAME))).find((found) => found !== undefined) ??
    folders.reduce<string | undefined>(
      (made, folder) => made ?? attempt(() => makeNumber(folder), problems),
      undefined,
    );
  const hash = createHash('sha256').update(number ?? newNumber());
  for (const fact of facts) hash.update(`\0${readText(fact) ?? ''}`);
  return {
    id: hash.digest('hex').slice(0, 12),
    problem: number === undefined ? problems.join('; ') : undefined,
  };
}

function attempt(work: () => string, problems: string[]): string | undefined {
  try {
    return work();
  } catch (error) {
    problems.push((error as Error).message);
    return undefined;
  }
}

function newNumber(): string {
  return `${randomBytes(16).toString('hex')}\n`;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

function readNumber(path: string): string | undefined {
  const text = readText(path);
  return text !== undefined && STORED.test(text) ? text : undefined;
}

/** Of several processes that do this at once one makes the file, complete, and the others read it. */
function makeNumber(folder: string): string {
  makeFolders(folder);
  const path = join(folder, NAME);
  const fresh = join(folder, `.${NAME}-${randomBytes(8).toString('hex')}`);
  const number = newNumber();
  const file = openSync(fresh, 'wx', 0o644);
  try {
    writeSync(file, number);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  // Whatever the umask says: accounts other than root use it too.
  chmodSync(fresh, 0o644);
  try {
    linkSync(fresh, path);
    return number;
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    const theirs = readNumber(path);
    if (theirs !== undefined) return theirs;
    // Damaged. Two that replace it at once may go on with different numbers, once.
    renameSync(fresh, path);
    return number;
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** Not `recursive`: see make-folder.ts. At most three folders are missing. */
function makeFolders(folder: string, depth = 3): void {
  try {
    mkdirSync(folder);
    chmodSync(folder, 0o755);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return;
    if (!hasCode(error, 'ENOENT') || depth === 1) throw error;
    makeFolders(join(folder, '..'), depth - 1);
    makeFolders(folder, 1);
  }
}
