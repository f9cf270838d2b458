import { lstat, readlink } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { type ProgramEnd, TwinDbError } from '../errors.ts';
import { runPipeline } from '../pipeline/run-pipeline.ts';
import type { Program } from '../process/program.ts';
import type { Source } from './source.ts';

/** What tar said about a directory. */
export interface FileFacts {
  /** Bytes of the archive before compression. */
  readonly unpackedSize: number | undefined;
  /** Messages about files that changed or vanished while they were read (contract D7). */
  readonly warnings: readonly string[];
}

interface FileSourceOptions {
  /** More arguments for tar, from the configuration. */
  readonly tarOptions: readonly string[];
  /** Folders below the directory that hold copies: a copy must not contain its predecessors. */
  readonly exclude: readonly string[];
}

/** GNU tar's exit code for "some files differ": a file changed while it was read. Source: its manual, 3.1. */
const SOME_FILES_DIFFER = 1;

/**
 * ACLs, extended attributes and holes survive a round trip; `--totals` tells the size. The records stay at tar's own 10 KiB:
 * a tar that reads from a pipe stops after the record with the end mark, and the padding of larger ones would break
 * the pipe behind it, here and in the Python tool.
 */
const OPTIONS = ['--create', '--acls', '--xattrs', '--sparse', '--totals'];

/**
 * Options that only choose what goes into the archive, or say more of it. Any other may have an effect that must come
 * once, such as `--listed-incremental` and `--remove-files`, or may be an abbreviation of one that has.
 */
const HARMLESS =
  /^(-[hlvX]|--(exclude|one-file-system|dereference|hard-dereference|ignore-failed-read|verbose|warning=|numeric-owner|sort=|(no-)?(wildcards|anchored|xattrs|acls|selinux|recursion)).*)$/;

/** The files below a directory, as a tar stream whose members lie below its path without the leading slash. */
export function openFileSource(path: string, { tarOptions, exclude }: FileSourceOptions): Source<FileFacts> {
  let facts: FileFacts = { unpackedSize: undefined, warnings: [] };
  const excluded = exclude.flatMap((folder) => ['--anchored', '--no-wildcards', `--exclude=${folder}`]);
  const archive = (file: string, onSuccess: (end: ProgramEnd) => void): Program => ({
    command: 'tar',
    args: [...OPTIONS, `--file=${file}`, ...tarOptions, ...excluded, '--', quoteForTar(path)],
    debianPackage: 'tar',
    acceptedExitCodes: [SOME_FILES_DIFFER],
    onSuccess,
  });
  return {
    title: path,
    async open() {
      await requireOwnContents(path);
      return archive('-', (end) => {
        facts = readFacts(end);
      });
    },
    async estimate(signal) {
      if (tarOptions.some((word) => word.startsWith('-') && !HARMLESS.test(word))) return undefined;
      let size: number | undefined;
      // tar does not read the files' contents when it writes to /dev/null, so this costs a walk only.
      const walk = archive('/dev/null', (end) => {
        size = readFacts(end).unpackedSize;
      });
      await runPipeline([walk, discardAll()], signal);
      return size;
    },
    facts: () => facts,
  };
}

/** Takes the names that `--verbose` prints where the archive is not on stdout. */
function discardAll(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

/** tar reads a backslash in the names it is given as the beginning of an escape sequence. */
function quoteForTar(path: string): string {
  return path.replaceAll('\\', '\\\\');
}

/** tar would keep a symbolic link itself, and the copy would look whole without one file in it. */
async function requireOwnContents(path: string): Promise<void> {
  const remedy = 'Correct [source] backup_dirs.';
  const stats = await lstat(path).catch((cause: NodeJS.ErrnoException) => {
    const isAbsent = cause.code === 'ENOENT';
    const message = `Cannot back up ${path}${isAbsent ? ': it does not exist' : ''}`;
    throw new TwinDbError(message, { cause, isExplained: isAbsent, remedy });
  });
  if (!stats.isSymbolicLink()) return;
  const target = await readlink(path);
  throw new TwinDbError(`Cannot back up ${path}: it is a symbolic link to ${target}, not a folder`, {
    remedy: 'Name the folder it points to in [source] backup_dirs.',
  });
}

/** Root may set every attribute; others would only be told of those they may not. */
const EXTRACTED_ATTRIBUTES = process.getuid?.() === 0 ? '*' : 'user.*';

/** The inverse: a stage that takes a tar stream and gives back its files below `dst`. */
export function extractFiles(dst: string): Program {
  const attributes = ['--acls', '--xattrs', `--xattrs-include=${EXTRACTED_ATTRIBUTES}`];
  const options = ['--extract', '--preserve-permissions', ...attributes];
  return {
    command: 'tar',
    args: [...options, '--file=-', `--directory=${quoteForTar(dst)}`],
    debianPackage: 'tar',
  };
}

/** Two stages that give the folder `to` the owner, mode, ACL and extended attributes of the folder `from`. */
export function copyAttributes(from: string, to: string): [Program, Program] {
  const args = ['--create', '--acls', '--xattrs', '--no-recursion', '--file=-'];
  return [
    { command: 'tar', args: [...args, `--directory=${quoteForTar(from)}`, '.'], debianPackage: 'tar' },
    extractFiles(to),
  ];
}

/** A stage that takes a tar stream and gives the names of its members, a line each and otherwise as they are. */
export function listMembers(): Program {
  return {
    command: 'tar',
    args: ['--list', '--quoting-style=literal', '--file=-'],
    debianPackage: 'tar',
  };
}

/**
 * The directory that an archive was made from, by the first of its members and the sanitized path in the name of the copy
 * (which alone cannot tell `/home/x` from `/home_x`); undefined when the two don't belong together.
 */
export function findSourcePath(sanitized: string, members: string): string | undefined {
  if (sanitized === '') return members.startsWith('./') ? '/' : undefined;
  // Counted, not split into lines: a name may hold a newline.
  const path = `/${members.slice(0, sanitized.length - 1)}`;
  const isEnd = ['/', '\n'].includes(members.charAt(sanitized.length - 1));
  return isEnd && path.replaceAll('/', '_') === sanitized ? path : undefined;
}

/** tar leaves out the leading slash, as it should, and need not say so at each run. */
const EXPECTED = /Removing leading `.*' from (member names|hard link targets)/;
const TOTALS = /^Total bytes written: (\d+)/;

function readFacts({ exitCode, stderr }: ProgramEnd): FileFacts {
  const total = stderr.findLast((line) => TOTALS.test(line));
  const messages = stderr.filter((line) => !TOTALS.test(line) && !EXPECTED.test(line));
  return {
    unpackedSize: total === undefined ? undefined : Number(TOTALS.exec(total)?.[1]),
    // With exit code 0 tar's remarks are of no consequence (a socket that cannot be archived).
    warnings: exitCode === SOME_FILES_DIFFER ? messages : [],
  };
}
