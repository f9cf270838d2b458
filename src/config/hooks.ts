import { words } from './kinds.ts';
import { option } from './option.ts';
import type { Options } from './options.ts';

/** Commands around a run, as words: no shell reads them. Empty: there is none. */
export interface HooksConfig {
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly onFailure: readonly string[];
}

/** The options of section [hooks]. */
export const HOOK_OPTIONS = {
  before: option(
    words,
    '',
    'Command to run before a backup, once it has the lock; when it fails nothing is backed up. Words as in a shell, without a shell: `sh -c "…"` for more.',
  ),
  after: option(
    words,
    '',
    'Command to run after a backup, however it ended, also when `before` failed; when it fails the run has failed.',
  ),
  on_failure: option(words, '', 'Command to run after a backup that failed, ahead of `after`.'),
};

/** Section [hooks]. */
export function readHooks(options: Options): HooksConfig {
  return {
    before: options.get('hooks', 'before'),
    after: options.get('hooks', 'after'),
    onFailure: options.get('hooks', 'on_failure'),
  };
}
