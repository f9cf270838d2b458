import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serverFailure } from './start-failure.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'log-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const explain = (...lines: readonly string[]) => {
  const log = join(dir, 'error.log');
  writeFileSync(log, lines.map((line) => `${line}\n`).join(''));
  return serverFailure('The server did not start', log, new Error('it ended'));
};

// Lines of real servers' logs.
describe('a server that does not start', () => {
  it('is told with the last errors of its log, each once, and no notes', async () => {
    const { message } = await explain(
      '2026-11-27  5:09:34 0 [Note] InnoDB: Buffered log writes',
      '2026-11-27  5:09:34 0 [ERROR] InnoDB: Plugin initialization aborted',
      '2026-11-27  5:09:34 0 [ERROR] InnoDB: Plugin initialization aborted',
      '2026-11-27  5:09:34 0 [ERROR] Aborting',
      '2026-11-27T05:09:34.000000Z 0 [ERROR] [MY-010119] [Server] Aborting',
    );
    expect(message).toBe(
      'The server did not start: it ended. Its log says:\n  [ERROR] InnoDB: Plugin initialization aborted',
    );
  });

  it.each([
    [
      '[ERROR] InnoDB: Data file ./ibdata1 uses page size 4096, but the innodb_page_size start-up parameter is 16384',
      'innodb_page_size',
    ],
    [
      "[ERROR] InnoDB: The Auto-extending data file './ibdata1' is of a different size 768 pages than specified by innodb_data_file_path",
      'innodb_data_file_path',
    ],
    [
      "[ERROR] [MY-011087] [Server] Different lower_case_table_names settings for server ('0') and data dictionary ('1').",
      'lower_case_table_names',
    ],
    ['[ERROR] InnoDB: Tablespace shop/a cannot be decrypted, key_id=1', 'plugin_load_add of its key plugin'],
  ])('names the option that is missing: %s', async (line, option) => {
    expect((await explain(`2026-11-27  5:09:34 0 ${line}`)).remedy).toContain(`has to say ${option}`);
  });

  it('is told to be confined when that may be', async () => {
    const { remedy } = await explain(
      '2026-11-27T05:09:34.0Z 0 [ERROR] [MY-010187] [Server] Could not open file (errno: 13 - Permission denied)',
    );
    expect(remedy).toContain('AppArmor or SELinux');
  });

  it('shows neither secrets nor what steers a terminal', async () => {
    const { message } = await explain(
      "2026-11-27  5:09:34 0 [ERROR] unknown variable 'file_key_management_filekey=geheim'",
      '2026-11-27  5:09:34 0 [ERROR] a\u001b[31mb',
    );
    for (const text of ['geheim', '\u001b']) expect(message).not.toContain(text);
    expect(message).toContain('a\\u001b[31mb');
  });

  it('is told without a log, too', async () => {
    const error = await serverFailure('The server did not start', join(dir, 'none'), new Error('it ended'));
    expect([error.message, (error.cause as Error).message]).toEqual(['The server did not start', 'it ended']);
  });
});
