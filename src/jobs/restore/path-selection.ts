import { posix } from 'node:path';
import { distance } from 'fastest-levenshtein';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import type { TarMember } from '../../sources/tar-header.ts';
import { comparablePath } from '../../sources/tar-select.ts';

/** What to take out of a copy of a directory. */
export interface WantedPaths {
  /** As they were on the host, or relative to the directory. A folder means all that is in it. */
  readonly paths: readonly string[];
  /** The paths are patterns: `*`, `?`, `[…]` within a name, `**` for any number of folders. */
  readonly isGlob: boolean;
}

/** Paths that are suggested for one that is not there. */
const MAX_NEAR = 3;

/** How many letters may differ in a path that is suggested: two, or one in three of its last name. */
const MIN_STEPS = 2;

interface Near {
  readonly path: string;
  readonly steps: number;
}

interface Wanted {
  /** As the operator gave it. */
  readonly given: string;
  /** The path in the archive, or a pattern of it. */
  readonly path: string;
  readonly matches: (path: string) => boolean;
  isFound: boolean;
  near: Near[];
}

/** Decides which members of an archive are wanted, and notes which paths were not in it and which ones come near. */
export class PathSelection {
  readonly #paths: WantedPaths;
  readonly #links = new Map<string, string>();
  #source: string | undefined;
  #wanted: Wanted[] | undefined;

  /** `source` is the directory; undefined: no status says it, and the first member of the archive does. */
  constructor(paths: WantedPaths, source: string | undefined) {
    this.#paths = paths;
    this.#source = source;
  }

  /** Hard links that are wanted, and what has their contents, which is not: tar cannot make one without the other. Both are paths in the archive. */
  get links(): ReadonlyMap<string, string> {
    return this.#links;
  }

  isWanted(member: TarMember): boolean {
    const path = comparablePath(member.path);
    this.#source ??= path;
    this.#wanted ??= this.#paths.paths.map((given) => parse(given, this.#source ?? '', this.#paths.isGlob));
    let isSelected = false;
    for (const wanted of this.#wanted) {
      if (wanted.matches(path)) {
        wanted.isFound = true;
        isSelected = true;
      } else if (!wanted.isFound) noteNear(wanted, path);
    }
    const target = member.type === 'h' && member.target ? comparablePath(member.target) : undefined;
    if (isSelected && target !== undefined && !this.#wanted.some(({ matches }) => matches(target))) {
      this.#links.set(path, target);
      return false;
    }
    return isSelected;
  }

  /**
   * To be called when the whole archive has been gone through. Throws a TwinDbError when a path is not in it, with those that come near.
   */
  requireAll(location: string): void {
    const absent = (this.#wanted ?? []).filter(({ isFound }) => !isFound);
    if (absent.length > 0) {
      const near = [...new Set(absent.flatMap((wanted) => wanted.near.map(({ path }) => `/${path}`)))];
      const names = absent.map(({ given }) => quoteLocation(given)).join(', ');
      throw new TwinDbError(`${quoteLocation(location)} does not have ${names}; nothing is restored`, {
        remedy:
          near.length === 0
            ? `twindb-backup ls ${quoteLocation(location)} shows what is in it.`
            : `Near are: ${near.map(quoteLocation).join(', ')}. twindb-backup ls ${quoteLocation(location)} shows all that is in it.`,
      });
    }
  }
}

function noteNear(wanted: Wanted, path: string): void {
  const [name, other] = [posix.basename(wanted.path), posix.basename(path)];
  const isNamesake = name === other;
  const most = Math.max(MIN_STEPS, Math.floor(name.length / 3));
  if (!isNamesake && Math.abs(path.length - wanted.path.length) > most) return;
  const steps = isNamesake ? 0 : distance(wanted.path, path);
  if (steps > most) return;
  wanted.near = [...wanted.near, { path, steps }].toSorted((a, b) => a.steps - b.steps).slice(0, MAX_NEAR);
}

function parse(given: string, source: string, isGlob: boolean): Wanted {
  const folder = comparablePath(Buffer.from(source));
  const isAbsolute = given.startsWith('/');
  const path = comparablePath(Buffer.from(posix.normalize(given)));
  const whole = isAbsolute ? path : [folder, path].filter((part) => part !== '').join('/');
  const found = { given, path: whole, isFound: false, near: [] };
  if (isGlob) {
    const front = isAbsolute || folder === '' ? '' : `${escapePattern(folder)}/`;
    const pattern = compile(`^${front}${translateGlob(path)}(?:/|$)`, given);
    return { ...found, matches: (each) => pattern.test(each) };
  }
  const below = whole === '' ? '' : `${whole}/`;
  return { ...found, matches: (each) => each === whole || each.startsWith(below) };
}

/** Throws a TwinDbError for a pattern that means nothing, such as `[z-a]`. */
function compile(expression: string, given: string): RegExp {
  try {
    return new RegExp(expression, 's');
  } catch {
    throw new TwinDbError(`${quoteLocation(given)} is no pattern; nothing is restored`, {
      remedy: 'The letters of a range in brackets are in their order, as in [a-z].',
    });
  }
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** What each part of a pattern is as a regular expression; anything else stands for itself. */
function translateGlob(glob: string): string {
  return glob.replace(/\*\*\/|\*\*|\*|\?|\[(!?)([^\]/]+)\]|[\s\S]/g, (part, not?: string, set?: string) => {
    if (set !== undefined) return `[${not ? '^/' : ''}${set.replace(/[\\\]^]/g, '\\$&')}]`;
    switch (part) {
      case '**/':
        return '(?:.*/)?';
      case '**':
        return '.*';
      case '*':
        return '[^/]*';
      case '?':
        return '[^/]';
      default:
        return escapePattern(part);
    }
  });
}
