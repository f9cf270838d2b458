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
  it('lie below the folder under their whole path, closed to others', async () => {
    await writeConfigs(dir, [{ '/etc/my.cnf': base64('one') }, { '/etc/mysql/x.cnf': base64('two') }]);
    expect(readFileSync(join(dir, 'etc/my.cnf'), 'utf8')).toBe('one');
    expect(readFileSync(join(dir, 'etc/mysql/x.cnf'), 'utf8')).toBe('two');
    expect(statSync(join(dir, 'etc/my.cnf')).mode & 0o777).toBe(0o600);
  });

  it('never leave it, whatever the status says', async () => {
    const inner = join(dir, 'inner');
    await writeConfigs(inner, [{ '../escaped': base64('x') }, { '/../../escaped': base64('x') }]);
    expect(readdirSync(dir)).toEqual(['inner']);
    expect(readdirSync(inner)).toEqual(['escaped']);
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
