/**
 * How GNU tar reads the words of its command line: which options there are, and which take an argument. Source: `tar --help` of
 * 1.34 and 1.35. An option takes its argument from the next word, so without this table a word cannot be told from an argument.
 */

const WITHOUT_ARGUMENT = `
  absolute-names acls anchored append auto-compress block-number bzip2 catenate check-device check-links clamp-mtime
  compare compress concatenate confirmation create delay-directory-restore delete dereference diff exclude-backups exclude-caches
  exclude-caches-all exclude-caches-under exclude-vcs exclude-vcs-ignores extract force-local full-time get gunzip gzip hard-dereference
  help ignore-case ignore-command-error ignore-failed-read ignore-zeros incremental interactive keep-directory-symlink keep-newer-files
  keep-old-files list lzip lzma lzop multi-volume no-acls no-anchored no-auto-compress no-check-device no-delay-directory-restore
  no-ignore-case no-ignore-command-error no-null no-overwrite-dir no-recursion no-same-owner no-same-permissions no-seek no-selinux
  no-unquote no-verbatim-files-from no-wildcards no-wildcards-match-slash no-xattrs null numeric-owner old-archive one-file-system
  overwrite overwrite-dir portability posix preserve-order preserve-permissions read-full-records recursion recursive-unlink remove-files
  restrict same-order same-owner same-permissions seek selinux show-defaults show-omitted-dirs show-snapshot-field-ranges
  show-stored-names show-transformed-names skip-old-files sparse test-label to-stdout touch uncompress ungzip unlink-first unquote update
  usage utc verbatim-files-from verbose verify version wildcards wildcards-match-slash xattrs xz zstd`;

const WITH_ARGUMENT = `
  add-file after-date blocking-factor checkpoint-action directory exclude exclude-from exclude-ignore exclude-ignore-recursive exclude-tag
  exclude-tag-all exclude-tag-under file files-from format group group-map hole-detection index-file info-script label level
  listed-incremental mode mtime new-volume-script newer newer-mtime no-quote-chars owner owner-map pax-option quote-chars quoting-style
  record-size rmt-command rsh-command set-mtime-command set-mtime-format sort sparse-version starting-file strip-components suffix
  tape-length to-command transform use-compress-program volno-file warning xattrs-exclude xattrs-include xform`;

/** These take it only behind `=`. */
const MAYBE_ARGUMENT = 'atime-preserve backup checkpoint occurrence one-top-level totals';

const split = (names: string): string[] => names.trim().split(/\s+/);
const NEEDS_ARGUMENT: ReadonlySet<string> = new Set(split(WITH_ARGUMENT));
const LONG: readonly string[] = [WITHOUT_ARGUMENT, WITH_ARGUMENT, MAYBE_ARGUMENT].flatMap(split);

/** The long name of each letter; `o` has none of its own when it creates an archive. */
const LETTERS: Readonly<Record<string, string>> = {
  A: 'catenate',
  B: 'read-full-records',
  C: 'directory',
  F: 'info-script',
  G: 'incremental',
  H: 'format',
  I: 'use-compress-program',
  J: 'xz',
  K: 'starting-file',
  L: 'tape-length',
  M: 'multi-volume',
  N: 'newer',
  O: 'to-stdout',
  P: 'absolute-names',
  R: 'block-number',
  S: 'sparse',
  T: 'files-from',
  U: 'unlink-first',
  V: 'label',
  W: 'verify',
  X: 'exclude-from',
  Z: 'compress',
  a: 'auto-compress',
  b: 'blocking-factor',
  c: 'create',
  d: 'diff',
  f: 'file',
  g: 'listed-incremental',
  h: 'dereference',
  i: 'ignore-zeros',
  j: 'bzip2',
  k: 'keep-old-files',
  l: 'check-links',
  m: 'touch',
  n: 'seek',
  o: 'old-archive',
  p: 'preserve-permissions',
  r: 'append',
  s: 'preserve-order',
  t: 'list',
  u: 'update',
  v: 'verbose',
  w: 'interactive',
  x: 'extract',
  z: 'gzip',
  '?': 'help',
};

/** One option of the command line. */
export interface TarOption {
  /** The word that holds it, as it was written. */
  readonly word: string;
  /** The long names it may stand for: none when it is not known, several when the abbreviation has several ends. */
  readonly names: readonly string[];
  /** Whether the words end before its argument. */
  readonly lacksArgument: boolean;
}

/**
 * The options among these words, with abbreviations (`--rem`) and bundles (`-vzf FILE`) taken apart as tar does it. `--`, which ends
 * the options, is given as one that has the name `--`.
 */
export function readTarOptions(words: readonly string[]): TarOption[] {
  const options: TarOption[] = [];
  const rest = words.values();
  for (const word of rest) {
    if (word === '--') return [...options, { word, names: [word], lacksArgument: false }];
    if (!word.startsWith('-') || word === '-') continue;
    const found = word.startsWith('--') ? [readLong(word)] : readLetters(word);
    const takesNext = found.at(-1)?.takesNext ?? false;
    const lacksArgument = takesNext && rest.next().done === true;
    options.push(...found.map(({ names }) => ({ word, names, lacksArgument })));
  }
  return options;
}

interface Read {
  readonly names: readonly string[];
  readonly takesNext: boolean;
}

function readLong(word: string): Read {
  const [name = ''] = word.slice(2).split('=', 1);
  const names = LONG.includes(name) ? [name] : LONG.filter((each) => each.startsWith(name));
  // tar refuses one of several ends, unless they mean the same.
  const takesNext =
    names.length > 0 && names.every((each) => NEEDS_ARGUMENT.has(each)) && !word.includes('=');
  return { names, takesNext };
}

function readLetters(word: string): Read[] {
  const found: Read[] = [];
  const letters = word.slice(1).split('');
  for (const [index, letter] of letters.entries()) {
    const name = LETTERS[letter];
    const isLast = index === letters.length - 1;
    const needsArgument = name !== undefined && NEEDS_ARGUMENT.has(name);
    found.push({ names: name === undefined ? [] : [name], takesNext: needsArgument && isLast });
    // The rest of the word is the argument.
    if (needsArgument) break;
  }
  return found;
}
