import { quoteLocation } from '../../copies/quote-location.ts';
import { quote } from '../../mysql/copy/quote.ts';

/**
 * One thing that is done on this host to put restored data into place, or to take them out again. The printed steps are these, one a
 * line, and the command performs the same. All paths are absolute. Each may be done again where it was interrupted.
 */
export type Action =
  /** Something to know, at this point. */
  | { readonly do: 'note'; readonly text: string }
  /** No server may run on these data; `remark` is for the operator. */
  | { readonly do: 'stop'; readonly unit: string; readonly remark?: string | undefined }
  /** Makes a folder and those above it; one that is there stays as it is. */
  | {
      readonly do: 'make';
      readonly folder: string;
      readonly mode?: number | undefined;
      readonly owner?: string | undefined;
    }
  /** Gives a file or folder another path, at which nothing is. */
  | { readonly do: 'move'; readonly from: string; readonly to: string }
  /** Moves these entries of a folder, or those that begin with `prefix`, or all, to a folder that is there. */
  | {
      readonly do: 'move-into';
      readonly from: string;
      readonly to: string;
      readonly names?: readonly string[] | undefined;
      readonly prefix?: string | undefined;
    }
  /** Gives a folder or files, and all below, to an account: `mysql:mysql`. */
  | { readonly do: 'chown'; readonly path: string; readonly owner: string }
  | { readonly do: 'chmod'; readonly path: string; readonly mode: number }
  /** Gives a path and all below the SELinux labels that the policy has for them. */
  | { readonly do: 'relabel'; readonly path: string }
  | { readonly do: 'start'; readonly unit: string };

/** What is done by a program. */
type ProgramAction = Extract<Action, { do: 'chown' | 'chmod' | 'relabel' }>;

/** A file system has this folder at its root: no server's, and it stays. */
export const LOST_AND_FOUND = 'lost+found';

/** What is being copied to a folder on another file system is in a folder there whose name begins so, until it is complete. */
export const COPYING = '.twindb-copying-';

/** Whether a name is of what `move-into` moves when it moves all. */
export function isKept(name: string): boolean {
  return name !== LOST_AND_FOUND && !name.startsWith(COPYING);
}

/** The program and its arguments. Symbolic links are not followed: what they lead to is not the server's. */
export function wordsOf(action: ProgramAction): readonly [string, ...string[]] {
  switch (action.do) {
    case 'chown':
      return ['chown', '-hR', action.owner, action.path];
    case 'chmod':
      return ['chmod', octal(action.mode), action.path];
    case 'relabel':
      return ['restorecon', '-R', action.path];
  }
}

/** An action as a line for a shell, which does nothing where it would replace a file. */
export function lineOf(action: Action): string {
  switch (action.do) {
    case 'note':
      return `  # ${quoteLocation(action.text)}`;
    case 'stop':
      return `  systemctl stop ${quote(action.unit)}${action.remark === undefined ? '' : `   # ${quoteLocation(action.remark)}`}`;
    case 'start':
      return `  systemctl start ${quote(action.unit)}`;
    case 'make': {
      const { folder, mode, owner } = action;
      const words = ['mkdir', '-p', ...(mode === undefined ? [] : ['-m', octal(mode)]), folder];
      return `  ${words.map(quoteWord).join(' ')}${owner === undefined ? '' : ` && chown ${quote(owner)} ${quote(folder)}`}`;
    }
    case 'move':
      return `  mv -T ${quote(action.from)} ${quote(action.to)}`;
    case 'move-into': {
      const { from, to, names, prefix } = action;
      if (names !== undefined)
        return `  mv -n -t ${quote(to)} ${names.map((name) => quote(`${from}/${name}`)).join(' ')}`;
      if (prefix !== undefined) return `  mv -n -t ${quote(to)} ${quote(`${from}/${prefix}`)}*`;
      return `  find ${quote(from)} -mindepth 1 -maxdepth 1 ! -name ${LOST_AND_FOUND} -exec mv -n -t ${quote(to)} {} +`;
    }
    case 'chown':
    case 'chmod':
    case 'relabel':
      return `  ${wordsOf(action).map(quoteWord).join(' ')}`;
  }
}

/** What is being done, for messages: `moving /a to /b`. */
export function describeAction(action: Action): string {
  switch (action.do) {
    case 'note':
      return 'a note';
    case 'stop':
      return 'the server must not run';
    case 'make':
      return `making ${quoteLocation(action.folder)}`;
    case 'move':
      return `moving ${quoteLocation(action.from)} to ${quoteLocation(action.to)}`;
    case 'move-into':
      return `moving files from ${quoteLocation(action.from)} to ${quoteLocation(action.to)}`;
    case 'chown':
      return `giving ${quoteLocation(action.path)} to ${action.owner}`;
    case 'chmod':
      return `setting the mode of ${quoteLocation(action.path)}`;
    case 'relabel':
      return `setting the SELinux labels of ${quoteLocation(action.path)}`;
    case 'start':
      return `starting ${quoteLocation(action.unit)}`;
  }
}

/** Options of ours begin with a dash on purpose. */
function quoteWord(word: string): string {
  return /^-\w+$/.test(word) ? word : quote(word);
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8);
}
