import { homedir } from 'node:os';
import { join } from 'node:path';
import { split } from 'shlex';
import { isRunType, type RunType } from '../copies/run-type.ts';
import { parseTime } from '../units.ts';
import { Secret } from './secret.ts';

/** How the text of an option becomes a value. */
export interface Kind<T> {
  /** Completes "must be …" in messages, and names the kind in the documentation. */
  readonly label: string;
  /** `undefined` when the text is not of this kind. */
  parse(text: string): T | undefined;
  /** Quotes are part of the text; elsewhere quotes around the whole value are dropped first. */
  readonly keepsQuotes?: true;
  /** An empty value means that the option is not set. */
  readonly emptyIsUnset?: true;
  /** No piece of the value may be shown in a message. */
  readonly hidden?: true;
  /** What the value may be; a near miss gets a suggestion. */
  readonly allowed?: readonly string[];
}

export const text: Kind<string> = { label: 'text', emptyIsUnset: true, parse: (value) => value };

export const secret: Kind<Secret> = {
  label: 'a secret',
  emptyIsUnset: true,
  hidden: true,
  parse: (value) => new Secret(value),
};

/** Words as a shell would split them, without any expansion: quotes and backslashes protect blanks. */
export const words: Kind<readonly string[]> = {
  label: 'words quoted as in a shell, every quote closed',
  keepsQuotes: true,
  parse(value) {
    try {
      return split(value);
    } catch {
      // shlex throws for an open quote or a backslash at the end, and for nothing else.
      return undefined;
    }
  },
};

/** What Python's `ConfigParser.getboolean` takes for yes and no, in any case. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['yes', true],
  ['on', true],
  ['true', true],
  ['1', true],
  ['no', false],
  ['off', false],
  ['false', false],
  ['0', false],
]);

export const yesNo: Kind<boolean> = {
  label: 'yes or no',
  parse: (value) => BOOLEANS.get(value.toLowerCase()),
};

function rangeLabel(min: number, max: number | undefined): string {
  if (max !== undefined) return `a whole number from ${min} to ${max}`;
  return min === 0 ? 'a whole number' : `a whole number of at least ${min}`;
}

/** Both ends belong to the range. */
export function wholeNumber(min: number, max?: number, label = rangeLabel(min, max)): Kind<number> {
  return {
    label,
    parse(value) {
      const number = /^[0-9]+$/.test(value) ? Number(value) : Number.NaN;
      return number >= min && number <= (max ?? Number.MAX_SAFE_INTEGER) ? number : undefined;
    },
  };
}

export const port = wholeNumber(1, 65_535);

/** `a, b or c`, for messages. */
export function listWords(allowed: readonly string[]): string {
  return allowed.length < 2 ? allowed.join() : `${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1)}`;
}

/** `label` lists what is offered, when that is less than what is understood. */
export function oneOf<const T extends string>(allowed: readonly T[], label = listWords(allowed)): Kind<T> {
  return { label, allowed, parse: (value) => allowed.find((one) => one === value) };
}

/** A name that can be the first segment of all keys, and that no option of a program begins like. */
export const hostName: Kind<string> = {
  label: 'a name of letters, digits, `.`, `-` and `_` that begins with a letter or digit',
  emptyIsUnset: true,
  parse: (value) => (/^[a-z0-9][a-z0-9._-]{0,254}$/i.test(value) ? value : undefined),
};

/** Without slashes at its end, except for the root itself. */
function cutSlashes(path: string): string {
  return path.replace(/(?<=.)\/+$/s, '');
}

/** A path on this machine or the bare name of a file or program; `~/` is the home directory. */
export const path: Kind<string> = {
  label: 'a path',
  emptyIsUnset: true,
  parse: (value) => cutSlashes(value.startsWith('~/') ? join(homedir(), value.slice(2)) : value),
};

/** A path that must mean the same from every working directory. */
export const absolutePath: Kind<string> = {
  label: 'an absolute path',
  emptyIsUnset: true,
  parse(value) {
    const absolute = path.parse(value);
    return absolute?.startsWith('/') ? absolute : undefined;
  },
};

/** A file that the textfile collector of node_exporter reads: it passes over other names. */
export const textfile: Kind<string> = {
  label: 'an absolute path that ends in .prom',
  emptyIsUnset: true,
  parse(value) {
    const absolute = absolutePath.parse(value);
    return absolute?.endsWith('.prom') ? absolute : undefined;
  },
};

/**
 * A path on another machine. SFTP knows no `~`, but begins relative paths at the home of whoever has logged in: so `~/a` is `a`, and the home
 * itself is `.`. Homes of others cannot be looked up.
 */
export const remotePath: Kind<string> = {
  label: 'a path without ~USER',
  emptyIsUnset: true,
  parse(value) {
    const [first = '', ...rest] = cutSlashes(value).split('/');
    if (!first.startsWith('~')) return cutSlashes(value);
    return first === '~' ? rest.filter((segment) => segment !== '').join('/') || '.' : undefined;
  },
};

export const webUrl: Kind<string> = {
  label: 'a URL that starts with http:// or https:// and holds no user name or password',
  emptyIsUnset: true,
  // The wrong value may be wrong because it holds a password.
  hidden: true,
  parse(value) {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (url === undefined || !['http:', 'https:'].includes(url.protocol)) return undefined;
    return url.username === '' && url.password === '' ? value : undefined;
  },
};

/** A URL that is secret as a whole: whoever knows it can use it. */
export const webHook: Kind<Secret> = {
  label: 'a URL that starts with http:// or https://',
  emptyIsUnset: true,
  hidden: true,
  parse(value) {
    const isWeb = URL.canParse(value) && ['http:', 'https:'].includes(new URL(value).protocol);
    return isWeb ? new Secret(value) : undefined;
  },
};

/** A turn at the disks, as ionice(1) names it. */
export const ioPriority: Kind<'idle' | { readonly bestEffort: number }> = {
  label: 'idle, or best-effort and a level from 0 to 7, such as `best-effort 7`',
  emptyIsUnset: true,
  parse(value) {
    if (value === 'idle') return value;
    const level = /^best-effort ([0-7])$/.exec(value)?.[1];
    return level === undefined ? undefined : { bestEffort: Number(level) };
  },
};

/** Run types, separated by blanks; at least one. */
export const runTypes: Kind<readonly RunType[]> = {
  label: 'run types separated by blanks, such as `daily weekly`',
  emptyIsUnset: true,
  parse(value) {
    const listed = value.split(/[\s,]+/).filter((word) => word !== '');
    return listed.length > 0 && listed.every(isRunType) ? listed : undefined;
  },
};

/** Seconds by run type; `any` counts for the newest copy, whatever its run type. */
export type MaxAges = ReadonlyMap<RunType | 'any', number>;

/** One age for all, or one per run type: `26h`, or `hourly:3h daily:26h`. */
export const maxAges: Kind<MaxAges> = {
  label: 'a time such as 26h, or one per run type such as `hourly:3h daily:26h`',
  emptyIsUnset: true,
  parse(value) {
    const ages = new Map<RunType | 'any', number>();
    for (const word of value.split(/\s+/)) {
      const [, name, time = ''] = /^(?:([a-z]+):)?(.*)$/.exec(word) ?? [];
      const runType = name ?? 'any';
      const seconds = parseTime(time);
      if ((runType !== 'any' && !isRunType(runType)) || !(seconds > 0) || ages.has(runType)) return undefined;
      ages.set(runType, seconds);
    }
    return ages;
  },
};

const KIB = 1024;
const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['K', KIB],
  ['M', KIB ** 2],
  ['G', KIB ** 3],
]);

/** A size in bytes: `67108864`, `64M` or `64MiB`. `64MB` is refused, since it may mean either of two sizes. */
export function size(min: number, max: number, label: string): Kind<number> {
  return {
    label,
    parse(value) {
      const match = /^([0-9]+) ?(?:([KMG])(?:iB)?)?$/i.exec(value);
      const bytes = Number(match?.[1]) * (UNITS.get((match?.[2] ?? '').toUpperCase()) ?? Number.NaN);
      return bytes >= min && bytes <= max ? bytes : undefined;
    },
  };
}
