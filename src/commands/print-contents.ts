import { quoteLocation } from '../copies/quote-location.ts';
import { describeError } from '../errors.ts';
import { NO_PROGRESS } from '../jobs/job-context.ts';
import { type ContainedFile, listContents } from '../jobs/restore/list-contents.ts';
import type { CommandContext } from './command.ts';

/** Prints what is in a copy while it is read, a line each or one JSON document. Returns false when it could not be read to its end. */
export async function printContents(copy: string, json: boolean, context: CommandContext): Promise<boolean> {
  const { print } = context;
  // A line of progress would come between the lines of the list.
  const reading = { ...context, progress: NO_PROGRESS };
  if (!json) {
    await listContents(copy, (file) => print(describe(file)), reading);
    return true;
  }
  // Printed as it comes: a copy may have millions of files.
  let before = '';
  const flush = () => {
    if (before !== '') print(before);
  };
  print('{"members":[');
  const report = (file: ContainedFile): void => {
    if (before !== '') print(`${before},`);
    before = JSON.stringify(toJson(file));
  };
  try {
    const { object, location } = await listContents(copy, report, reading);
    flush();
    print(
      `],"backup_copy":${JSON.stringify(object.key)},"location":${JSON.stringify(location)},"success":true}`,
    );
    return true;
  } catch (error) {
    context.signal.throwIfAborted();
    flush();
    print(
      `],"backup_copy":${JSON.stringify(copy)},"location":null,"success":false,"reason":${JSON.stringify(describeError(error))}}`,
    );
    return false;
  }
}

/** As `tar -tv`: type and mode, owner, size, local time, path. */
function describe({ path, size, about, target }: ContainedFile): string {
  const name = quoteLocation(path) + describeTarget(about?.type, target);
  if (about === undefined) return `${String(size).padStart(15)} ${name}`;
  const { type, mode, uid, gid, owner, group, modified } = about;
  const who = `${owner === '' ? uid : quoteLocation(owner)}/${group === '' ? gid : quoteLocation(group)}`;
  return `${type}${describeMode(mode)} ${who.padEnd(15)} ${String(size).padStart(12)} ${localTime(modified)} ${name}`;
}

function describeTarget(type: string | undefined, target: string | undefined): string {
  if (target === undefined) return '';
  return type === 'h' ? ` is also ${quoteLocation(target)}` : ` -> ${quoteLocation(target)}`;
}

/** Where set-user-ID, set-group-ID and the sticky bit are shown, and the letter. */
const SPECIAL = [
  [0o4000, 2, 's'],
  [0o2000, 5, 's'],
  [0o1000, 8, 't'],
] as const;

/** `rwxr-x---`, with the letters of ls(1) for set-user-ID and the like. */
function describeMode(mode: number): string {
  const letters = 'rwxrwxrwx'.split('').map((letter, at) => (mode & (0o400 >> at) ? letter : '-'));
  for (const [bit, at, letter] of SPECIAL) {
    if (mode & bit) letters[at] = letters[at] === 'x' ? letter : letter.toUpperCase();
  }
  return letters.join('');
}

function localTime(seconds: number): string {
  const time = new Date(seconds * 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  if (Number.isNaN(time.getTime())) return '?'.padEnd(19);
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')}`;
}

/** What a member is, in words; see docs/usage.md. */
const TYPES: Readonly<Record<string, string>> = {
  '-': 'file',
  d: 'directory',
  l: 'symlink',
  h: 'hardlink',
  c: 'character',
  b: 'block',
  p: 'fifo',
  '?': 'other',
};

/** The documented shape of a member in `ls COPY --json`; see docs/usage.md. */
function toJson({ path, size, about, target }: ContainedFile): object {
  return {
    path,
    type: TYPES[about?.type ?? '-'],
    size,
    mode: about === undefined ? null : about.mode.toString(8).padStart(4, '0'),
    uid: about?.uid ?? null,
    gid: about?.gid ?? null,
    owner: about?.owner ?? null,
    group: about?.group ?? null,
    modified: about?.modified ?? null,
    target: target ?? null,
  };
}
