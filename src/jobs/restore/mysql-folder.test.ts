import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requireExtracted, writeConfigs, writeGrastate } from './mysql-folder.ts';

const INFO = fileURLToPath(new URL('../../../test/fixtures/backup-info', import.meta.url));
const UUID = 'b6f9a1c0-4d1f-11ef-9d55-0a1b2c3d4e5f';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'twindb-folder-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('an extracted copy', () => {
  it.each(readdirSync(INFO).filter((name) => !name.endsWith('.md')))(
    'is recognised by the files of %s',
    async (version) => {
      cpSync(join(INFO, version), dir, { recursive: true });
      const { type } = await requireExtracted(dir, 'full').catch(() => requireExtracted(dir, 'incremental'));
      const other = type === 'full' ? 'incremental' : 'full';
      await expect(requireExtracted(dir, other)).rejects.toThrow(/it is (a full|an incremental) copy/);
    },
  );

  it('must hold something', async () => {
    await expect(requireExtracted(dir, 'full')).rejects.toThrow('left no');
  });
});

describe('saved configuration files', () => {
  const write = async (config: Parameters<typeof writeConfigs>[1]) => {
    const warnings: string[] = [];
    await writeConfigs(dir, config, (message) => warnings.push(message));
    return warnings;
  };

  it('are plain files named by their paths, closed to others', async () => {
    expect(await write([{ '/etc/my.cnf': base64('one') }, { '/etc/mysql/x.cnf': base64('two') }])).toEqual(
      [],
    );
    expect(readFileSync(join(dir, '.twindb-config@etc@my.cnf'), 'utf8')).toBe('one');
    expect(readFileSync(join(dir, '.twindb-config@etc@mysql@x.cnf'), 'utf8')).toBe('two');
    expect(statSync(join(dir, '.twindb-config@etc@my.cnf')).mode & 0o777).toBe(0o600);
  });

  it('stay in the folder, and a path that is none is a warning, whatever the status says', async () => {
    const paths = [
      '/../../up',
      '../up',
      '/',
      '',
      '/etc/',
      '/a\0b',
      '/a\nb',
      `/${'x'.repeat(300)}`,
      '/a/b',
      '/a@b',
    ];
    const warnings = await write(paths.map((path) => ({ [path]: base64('x') })));
    expect(readdirSync(dir).toSorted()).toEqual(['.twindb-config@..@..@up', '.twindb-config@a@b']);
    expect(warnings).toHaveLength(8);
    for (const warning of warnings) expect(warning).toMatch(/^The saved configuration file .* is left out: /);
  });
});

describe('grastate.dat', () => {
  it.each(['xtrabackup_galera_info', 'mariadb_backup_galera_info', 'donor_galera_info'])(
    'is made of %s',
    async (name) => {
      writeFileSync(join(dir, name), `${UUID}:5\n`);
      expect(await writeGrastate(dir)).toBe(true);
      expect(readFileSync(join(dir, 'grastate.dat'), 'utf8')).toContain(`uuid: ${UUID}\nseqno: 5\n`);
    },
  );

  it('is not made where there is no such file', async () => {
    expect(await writeGrastate(dir)).toBe(false);
    expect(existsSync(join(dir, 'grastate.dat'))).toBe(false);
  });
});
