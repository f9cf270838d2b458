import type { Stats } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { hasCode, TwinDbError } from '../errors.ts';
import type { Program } from '../process/program.ts';
import type { Source } from './source.ts';
import { TarCheck } from './tar-check.ts';
import { findRefusedOption } from './tar-options.ts';
import { TarRefusals } from './tar-refusals.ts';
import { hasChanges, readTotal, TarRemarks } from './tar-remarks.ts';

/** What tar said about a directory. */
export interface FileFacts {
  /** Bytes of the archive before compression. */
  readonly unpackedSize: number;
  /** Members of the archive: files, folders and whatever else is in the directory. */
  readonly members: number;
  /** What tar said of files that changed or vanished while they were read (contract D7). */
  readonly changes: readonly string[];
  /** What tar said of files, or attributes of theirs, that are not in the archive. */
  readonly leftOut: readonly string[];
}

interface FileSourceOptions {
  /** More arguments for tar, from the configuration. */
  readonly tarOptions: readonly string[];
  /** Patterns of what to leave out, from the configuration. */
  readonly patterns?: readonly string[];
  /** Whether what is mounted below the directory is left out. */
  readonly oneFileSystem?: boolean;
  /** Folders below the directory that hold copies: a copy must not contain its predecessors. */
  readonly exclude: readonly string[];
}

/** ACLs, extended attributes and holes survive a round trip; `--totals` is its last word when it has written an archive. */
const OPTIONS = ['--create', '--acls', '--xattrs', '--sparse', '--totals'];

/**
 * Behind all other options, so that records stay at tar's own 10 KiB: a tar that reads from a pipe stops after the record with the
 * end mark, and the padding of larger ones breaks the pipe behind it in the Python tool.
 */
const RECORDS = '--blocking-factor=20';

const GNU_TAR_NEEDED = 'Directories are backed up by GNU tar: see what "tar --version" says.';

/** The files below a directory, as a tar stream whose members lie below its path without the leading slash. */
export function openFileSource(
  path: string,
  { tarOptions, patterns = [], oneFileSystem = false, exclude }: FileSourceOptions,
): Source<FileFacts> {
  let said: Pick<FileFacts, 'changes' | 'leftOut'> = { changes: [], leftOut: [] };
  const archive = new TarCheck({ remedy: GNU_TAR_NEEDED });
  // Each pattern counts by the options before it. Source: GNU tar's manual, 6.5.2.
  const excluded = [
    ...patterns.flatMap((pattern) => [...patternOptions(pattern), `--exclude=${pattern}`]),
    ...exclude.flatMap((folder) => ['--anchored', '--no-wildcards', `--exclude=${folder}`]),
  ];
  const extent = oneFileSystem ? ['--one-file-system'] : [];
  return {
    title: path,
    async open() {
      const refused = findRefusedOption(tarOptions);
      if (refused !== undefined) throw refused;
      const before = await requireOwnContents(path);
      const remarks = new TarRemarks();
      return {
        command: 'tar',
        args: [
          ...OPTIONS,
          '--file=-',
          ...extent,
          ...tarOptions,
          ...excluded,
          RECORDS,
          '--',
          quoteForTar(path),
        ],
        debianPackage: 'tar',
        isHeavy: true,
        onStderrLine: (line) => remarks.take(line),
        allows: (end) => remarks.allow(end),
        remedyFor: (end) => (hasChanges(end) && readTotal(end) === undefined ? GNU_TAR_NEEDED : undefined),
        async onSuccess(end) {
          if (hasChanges(end)) await requireSameFolder(path, before);
          const { changes, leftOut } = remarks;
          // With exit code 0 its other remarks are of no consequence (a socket that cannot be archived).
          said = { changes: hasChanges(end) ? changes : [], leftOut };
        },
      };
    },
    check: () => archive,
    facts: () => ({ unpackedSize: archive.size, members: archive.members, ...said }),
  };
}

/** An absolute path is one place, a name is to be found anywhere. */
function patternOptions(pattern: string): string[] {
  return [pattern.startsWith('/') ? '--anchored' : '--no-anchored', '--wildcards', '--wildcards-match-slash'];
}

/** tar reads a backslash in the names it is given as the beginning of an escape sequence. */
function quoteForTar(path: string): string {
  return path.replaceAll('\\', '\\\\');
}

/** tar would keep a symbolic link itself, and the copy would look whole without one file in it. */
async function requireOwnContents(path: string): Promise<Stats> {
  const remedy = 'Correct [source] backup_dirs.';
  const stats = await lstat(path).catch((cause: unknown) => {
    const isAbsent = hasCode(cause, 'ENOENT');
    const message = `Cannot back up ${path}${isAbsent ? ': it does not exist' : ''}`;
    throw new TwinDbError(message, { cause, isExplained: isAbsent, remedy });
  });
  if (!stats.isSymbolicLink()) return stats;
  const target = await readlink(path);
  throw new TwinDbError(`Cannot back up ${path}: it is a symbolic link to ${target}, not a folder`, {
    remedy: 'Name the folder it points to in [source] backup_dirs.',
  });
}

/** A change to the directory itself may mean that tar has read the half of it, or one that was put in its place. */
async function requireSameFolder(path: string, before: Stats): Promise<void> {
  const after = await lstat(path).catch((cause: unknown) => {
    const isGone = hasCode(cause, 'ENOENT');
    throw new TwinDbError(`${path} was ${isGone ? 'removed' : 'changed'} while it was backed up`, {
      cause,
      isExplained: isGone,
    });
  });
  if (after.dev === before.dev && after.ino === before.ino) return;
  throw new TwinDbError(`${path} was replaced by another one while it was backed up`);
}

/** Root may set every attribute; others would only be told of those they may not. */
const EXTRACTED_ATTRIBUTES = process.getuid?.() === 0 ? '*' : 'user.*';

/**
 * The inverse: a stage that takes a tar stream and gives back its files below `dst`. A member that cannot be made fails it at the end, unless
 * `refusals` are taken: then it has succeeded, and they tell what is missing.
 */
export function extractFiles(dst: string, refusals?: TarRefusals): Program {
  const attributes = ['--acls', '--xattrs', `--xattrs-include=${EXTRACTED_ATTRIBUTES}`];
  const options = ['--extract', '--preserve-permissions', ...attributes];
  const said = refusals ?? new TarRefusals();
  return {
    command: 'tar',
    args: [...options, '--file=-', `--directory=${quoteForTar(dst)}`],
    debianPackage: 'tar',
    isHeavy: true,
    stopsEarly: true,
    onStderrLine: (line) => said.take(line),
    allows: (end) => refusals?.allow(end) ?? false,
    onSuccess: ({ exitCode }) => {
      if (exitCode === 0) said.forget();
    },
    remedyFor: (end) => (said.allow(end) ? 'To restore everything else, add --keep-going.' : undefined),
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
    isHeavy: true,
    stopsEarly: true,
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
