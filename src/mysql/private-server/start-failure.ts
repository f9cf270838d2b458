import { open } from 'node:fs/promises';
import { describeError, TwinDbError } from '../../errors.ts';
import { asOneLine } from '../../foreign-text.ts';
import { redactSecrets } from '../server/blank-secrets.ts';

/** Bytes read of the end of an error log. */
const TAIL = 256 << 10;

/** Lines shown: the first ones say what is wrong, the last one only `Aborting`. */
const MOST_LINES = 8;

/**
 * The last errors in a server's log, without secrets. Empty when there are none, or no log. Source: the form of both servers' lines,
 * `2026-11-27  5:09:34 0 [ERROR] …` and `2026-11-27T05:09:34.000000Z 0 [ERROR] [MY-010119] [Server] …`.
 */
async function lastErrors(errorLog: string): Promise<string[]> {
  let text: string;
  try {
    await using file = await open(errorLog);
    const { size } = await file.stat();
    const from = Math.max(0, size - TAIL);
    const bytes = Buffer.alloc(size - from);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
    text = bytes.toString('utf8', 0, bytesRead);
  } catch {
    return [];
  }
  const errors = text.split('\n').flatMap((line) => {
    const [, words] = /\[ERROR\]\s*(.*)$/.exec(line) ?? [];
    return words === undefined || /^(\[\S+\] )*Aborting/.test(words) ? [] : [asOneLine(redactSecrets(words))];
  });
  return [...new Set(errors)].slice(-MOST_LINES);
}

/** What a server says when an option of the server that the data come from is missing, and which one that is. */
const MISSING: readonly (readonly [RegExp, string])[] = [
  [/page size|innodb_page_size/i, 'innodb_page_size'],
  [/innodb_data_file_path|data file .* is of a different size/i, 'innodb_data_file_path'],
  [/lower_case_table_names/i, 'lower_case_table_names'],
  [/innodb_undo_tablespaces|undo tablespace/i, 'innodb_undo_tablespaces'],
  [
    /encrypt|decrypt|key_id|keyring|key management/i,
    'plugin_load_add of its key plugin, with the options of that',
  ],
  [/provider_(bzip2|lz4|lzma|lzo|snappy)/i, 'plugin_load_add of its compression provider'],
  [/unknown storage engine|plugin .* is not loaded/i, 'plugin_load_add of that storage engine'],
];

const CONFINED = /permission denied|errno:? 13\b|os error 13/i;

/** The TwinDbError for a server that did not start, or ended by itself, with the last errors of its log. */
export async function serverFailure(what: string, errorLog: string, cause: unknown): Promise<TwinDbError> {
  const errors = await lastErrors(errorLog);
  const said = errors.join('\n');
  const [, option] = MISSING.find(([pattern]) => pattern.test(said)) ?? [];
  const remedy = remedyFor(said, option);
  if (errors.length === 0) return new TwinDbError(what, { cause, ...remedy });
  const lines = errors.map((line) => `\n  [ERROR] ${line}`).join('');
  return new TwinDbError(`${what}: ${asOneLine(firstLine(describeError(cause)))}. Its log says:${lines}`, {
    cause,
    isExplained: true,
    hasLines: true,
    ...remedy,
  });
}

function remedyFor(said: string, option: string | undefined): { readonly remedy?: string } {
  if (CONFINED.test(said)) {
    return {
      remedy:
        'See whether AppArmor or SELinux keeps the server in its usual folders, and name one of these with --dst or TMPDIR.',
    };
  }
  if (option === undefined) return {};
  return {
    remedy: `The my.cnf of the server that was backed up has to say ${option}, and the copy does not: see .twindb-config@* in a restored copy.`,
  };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
