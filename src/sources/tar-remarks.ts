import type { ProgramEnd } from '../errors.ts';

/** GNU tar's exit code for "some files differ": a file changed while it was read. Source: its manual, 3.1. */
const SOME_FILES_DIFFER = 1;

/** Remarks kept of each kind: enough to see what is going on in a directory, few enough for a mail. */
const MAX_REMARKS = 20;

/** What tar says itself begins with its name; with `--verbose` there are names of files beside it. */
const REMARK = /^(?:\S*\/)?\w*tar: (.*)$/;

/** The last of what it says with `--totals`, and only when it has written an archive. */
const TOTALS = /^Total bytes written: (\d+)/;

/** tar leaves out the leading slash, as it should, and need not say so at each run. */
const EXPECTED = /^Removing leading `.*' from (member names|hard link targets)$/;

/** Something that is in the directory is not in the archive. */
const LEFT_OUT = /(?:^|: )(?:Warning: )?(?:Cannot |Read error)/;

/** What it says of an archive that it has made all the same. Source: src/create.c, src/misc.c and src/xattrs.c of GNU tar 1.35. */
const KNOWN = new RegExp(
  [
    'file changed as we read it$',
    'File removed before we read it$',
    'File shrank by \\d+ bytes?; padding with zeros$',
    'Warning: ',
    '(socket|door) ignored$',
    'file is on a different filesystem; not dumped$',
    'file is the archive; not dumped$',
    'file is unchanged; not dumped$',
    'contains a cache directory tag ',
    'implausibly old time stamp ',
    "^Substituting `\\.' for empty member name$",
    '^Missing links to ',
    '^(Write )?checkpoint \\d',
  ].join('|'),
);

/** Takes what tar says while it makes an archive. */
export class TarRemarks {
  /** Of files that changed or vanished while they were read, and the like. */
  readonly changes: string[] = [];
  /** Of files, or attributes of theirs, that are not in the archive. */
  readonly leftOut: string[] = [];
  #isStrange = false;

  /** Takes a line of its stderr. */
  take(line: string): void {
    const said = REMARK.exec(line)?.[1];
    if (said === undefined || EXPECTED.test(said)) return;
    const kind = LEFT_OUT.test(said) ? this.leftOut : this.changes;
    if (kind.length < MAX_REMARKS) kind.push(line);
    this.#isStrange ||= !KNOWN.test(said);
  }

  /** Whether an archive was made although tar did not exit 0: it has its totals, and everything it said is known. */
  allow(end: ProgramEnd): boolean {
    return end.exitCode === SOME_FILES_DIFFER && readTotal(end) !== undefined && !this.#isStrange;
  }
}

/** Whether tar says that not all of what it read stayed as it was. */
export function hasChanges({ exitCode }: ProgramEnd): boolean {
  return exitCode === SOME_FILES_DIFFER;
}

/** Bytes of the archive before compression; undefined when tar does not say. */
export function readTotal({ stderr }: ProgramEnd): number | undefined {
  const total = stderr.findLast((line) => TOTALS.test(line));
  return total === undefined ? undefined : Number(TOTALS.exec(total)?.[1]);
}
