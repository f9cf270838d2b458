import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseKey } from '../../src/copies/key.ts';
import { decodeEnvelope } from '../../src/status/envelope.ts';
import { MYSQL_STATUS } from '../../src/kinds/mysql.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { configureLocal, listCopies, SILENT } from '../fixtures/backup-run.ts';

/** A repository in the Python tool's layout, with the digests of what its file copies hold. */
interface Golden {
  readonly title: string;
  readonly dir: string;
  readonly host: string;
  /** Where the members of the archives lie. */
  readonly members: string;
}

const fixture: Golden = {
  title: "the fixture in the Python tool's layout",
  dir: fileURLToPath(new URL('../fixtures/golden', import.meta.url)),
  host: 'web1',
  members: 'srv/src',
};
const real: Golden = {
  title: 'the golden repository, written by the Python tool',
  dir: process.env['TWINDB_GOLDEN'] ?? '',
  host: 'db1',
  members: 'tmp/gold-src',
};

// A warning, because a skipped test is easily overlooked.
if (real.dir === '') {
  process.stderr.write('TWINDB_GOLDEN does not name the golden repository: only our own fixture is tested\n');
}

const findFiles = (dir: string) =>
  execFileSync('find', ['.', '-type', 'f'], { cwd: dir }).toString().split('\n').toSorted();

for (const golden of [fixture, real]) {
  describe.skipIf(golden.dir === '')(golden.title, () => {
    let sandbox: Sandbox;
    let repository: string;
    beforeEach(() => {
      sandbox = createSandbox();
      repository = join(sandbox.dir, 'repository');
      // It may be read-only, and nothing may change it.
      cpSync(join(golden.dir, 'repository'), repository, { recursive: true });
      execFileSync('chmod', ['-R', 'u+w', repository]);
      configureLocal(sandbox, []);
    });
    afterEach(() => sandbox[Symbol.dispose]());

    it('is listed whole: files, mysql, binlog, each by run type and name', async () => {
      const { stdout, stderr, exitCode } = await sandbox.run('ls');
      expect([exitCode, stderr]).toEqual([0, '']);
      const keys = stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(repository.length + 1));
      const media = keys.map((key) => parseKey(key)?.media ?? key);
      expect([...new Set(media)]).toEqual(['files', 'mysql', 'binlog']);
      const copies = findFiles(repository).filter((path) => /\/(files|mysql|binlog)\//.test(path));
      expect(keys.toSorted()).toEqual(copies.map((path) => path.slice(2)).toSorted());
      const order = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'];
      const runTypes = keys.flatMap((key) => {
        const parsed = parseKey(key);
        return parsed?.media === 'files' ? [order.indexOf(parsed.runType)] : [];
      });
      expect(runTypes).toEqual(runTypes.toSorted((a, b) => a - b));
      expect(new Set(runTypes).size).toBeGreaterThan(1);
    });

    it('is marked as not in the status, copy by copy of a directory', async () => {
      const { copies } = JSON.parse((await sandbox.run('ls', '--type', 'files', '--json')).stdout) as {
        copies: { listed: boolean; status: unknown }[];
      };
      expect(copies.length).toBeGreaterThan(1);
      for (const copy of copies) expect(copy).toMatchObject({ listed: false, status: null });
    });

    it('gives back every file as it was, and says that no checksum vouches for it', async () => {
      for (const [index, copy] of (await listCopies(sandbox)).entries()) {
        const dst = join(sandbox.dir, `restored${index}`);
        const { exitCode, stdout, stderr } = await sandbox.run('restore', 'file', copy, '--dst', dst);
        expect([exitCode, stdout]).toEqual([0, '']);
        expect(stderr).toBe(`WARNING: The checksum of ${copy} cannot be verified: no status lists it\n`);
        const [folder = ''] = readdirSync(join(dst, golden.members));
        const sums = readFileSync(join(golden.dir, 'files.sha256'), 'utf8').split('\n');
        const own = sums.filter((line) => line.includes(`  ${folder}/`)).join('\n');
        execFileSync('sha256sum', ['--check', '--strict', '--quiet'], {
          cwd: join(dst, golden.members),
          input: `${own}\n`,
        });
        if (folder === 'site') expectSpecialFiles(join(dst, golden.members, folder));
      }
    });

    it('has a MySQL status that is read in both of its forms', () => {
      const enveloped = decodeEnvelope(readFileSync(join(repository, golden.host, 'status'), 'utf8'));
      const bare = decodeEnvelope(readFileSync(join(golden.dir, 'status.bare-base64'), 'utf8'));
      expect(bare.content).toEqual(enveloped.content);
      expect(Object.keys(MYSQL_STATUS.parse(bare.content).daily)[0]).toContain(`${golden.host}/daily/mysql/`);
    });

    it('keeps each of its copies when ours backs up there, with a retention of 0 and names that look alike', async () => {
      const source = join(sandbox.dir, 'source');
      mkdirSync(source);
      renameSync(join(repository, golden.host), join(repository, hostname()));
      const folder = join(repository, hostname(), 'daily/files');
      for (const name of readdirSync(folder)) {
        const timestamp = name.slice(name.search(/-\d{4}-/));
        renameSync(join(folder, name), join(folder, source.replaceAll('/', '_') + timestamp));
      }
      const before = findFiles(repository);
      const unchanged = ['status', 'binlog-status'].map((name) => join(repository, hostname(), name));
      const contents = unchanged.map((file) => readFileSync(file, 'utf8'));

      const retention = { hourly_copies: 0, daily_copies: 0 };
      configureLocal(sandbox, [source], { retention, retention_local: retention });
      const first = await sandbox.backup();
      expect(first.exitCode).toBe(0);
      expect(first.stderr).toContain('files-status lists nothing, and copies of type files are there');
      // Perhaps within the same second: the second copy takes another name.
      expect(await sandbox.backup()).toEqual(SILENT);

      const after = findFiles(repository);
      expect(before.filter((path) => !after.includes(path))).toEqual([]);
      expect(unchanged.map((file) => readFileSync(file, 'utf8'))).toEqual(contents);
      // The newest always stays, the one before it has expired.
      const ours = after.filter((path) => !before.includes(path) && path.includes('/files/'));
      expect(ours).toHaveLength(1);
    });
  });
}

function expectSpecialFiles(site: string): void {
  expect(statSync(join(site, 'hard')).ino).toBe(statSync(join(site, 'plain.txt')).ino);
  expect(readlinkSync(join(site, 'link'))).toBe('plain.txt');
  expect(readdirSync(join(site, 'empty'))).toEqual([]);
  expect(statSync(join(site, 'sparse.bin')).size).toBeGreaterThan(0);
}
