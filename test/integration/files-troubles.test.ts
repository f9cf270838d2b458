import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TarRefusals } from '../../src/sources/tar-refusals.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { configureLocal, listCopies, restoreOnly, SILENT } from '../fixtures/backup-run.ts';

const isRoot = process.getuid?.() === 0;
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const AS_NOBODY = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, MAIN];
/** A clone below /root is closed to others. */
const canActAsNobody = isRoot && spawnSync('setpriv', [...AS_NOBODY, '--version']).status === 0;

let sandbox: Sandbox;
let source: string;
beforeEach(() => {
  sandbox = createSandbox();
  source = join(sandbox.dir, 'source');
  mkdirSync(source);
});
afterEach(() => sandbox[Symbol.dispose]());

describe('a directory that changes while it is read', () => {
  /** A program that writes to `log` and makes and removes files all the time. */
  const startWriter = async (folder: string) => {
    const program = `const fs = require('node:fs');
      fs.writeFileSync('ready', '');
      for (let i = 0; ; i++) {
        fs.appendFileSync('log', 'a line that says something ' + i + '\\n');
        fs.writeFileSync('many/' + (i % 300), 'x');
        fs.rmSync('many/' + ((i * 7) % 300), { force: true });
      }`;
    const writer = spawn(process.execPath, ['--eval', program], { cwd: folder, stdio: 'ignore' });
    while (!existsSync(join(folder, 'ready'))) await new Promise((resolve) => setTimeout(resolve, 20));
    return writer;
  };

  it('is a warning, exit 0, and everything else in it comes back', async () => {
    mkdirSync(join(source, 'many'));
    for (let name = 0; name < 300; name++) writeFileSync(join(source, 'many', String(name)), 'x');
    writeFileSync(join(source, 'log'), Buffer.alloc(30 << 20, 'first part '));
    writeFileSync(join(source, 'quiet'), 'nothing changes here');
    configureLocal(sandbox, [source]);
    const writer = await startWriter(source);
    const result = await sandbox.backup();
    writer.kill('SIGKILL');
    expect(result).toMatchObject({ exitCode: 0, stdout: '' });
    expect(result.stderr).toContain(`WARNING: ${source} changed while it was backed up`);
    const dst = join(sandbox.dir, 'restored');
    expect(await restoreOnly(sandbox, dst)).toEqual(SILENT);
    expect(readFileSync(join(dst, source, 'quiet'), 'utf8')).toBe('nothing changes here');
    const first = readFileSync(join(dst, source, 'log')).subarray(0, 30 << 20);
    expect(first.equals(Buffer.alloc(30 << 20, 'first part '))).toBe(true);
  });
});

describe('a file that may not be read', () => {
  it.skipIf(!canActAsNobody)('fails its directory, exit 1, and the others are backed up', async () => {
    const other = join(sandbox.dir, 'other');
    mkdirSync(other);
    sandbox.file('other/file', 'fine');
    chmodSync(sandbox.file('source/secret', 'closed'), 0o600);
    configureLocal(sandbox, [source, other]);
    const open = ['repository', 'run'].map((name) => join(sandbox.dir, name));
    for (const folder of open) mkdirSync(folder, { mode: 0o777 });
    execFileSync('chown', ['65534', sandbox.config, sandbox.dir, ...open]);
    const args = [
      '--config',
      sandbox.config,
      'backup',
      '--lock-file',
      join(sandbox.dir, 'run/lock'),
      'daily',
    ];
    const { status, stdout, stderr } = spawnSync('setpriv', [...AS_NOBODY, ...args], { cwd: '/', env: {} });
    expect(stdout.toString()).toBe('');
    expect(stderr.toString()).toContain(`Cannot back up ${source}: tar failed with exit code 2`);
    expect(stderr.toString()).toContain(`${source}/secret: Cannot open: Permission denied`);
    expect(stderr.toString()).not.toContain(other);
    expect(status).toBe(1);
    const copies = await listCopies(sandbox);
    expect(copies.map((copy) => copy.includes('_other-'))).toEqual([true]);
    const names = readdirSync(join(sandbox.dir, 'repository', hostname()));
    expect(names.toSorted()).toEqual(['daily', 'files-status', 'files-status.copy']);
  });
});

describe('a restore by an ordinary user', () => {
  it.skipIf(!canActAsNobody)('gives back contents, modes and attributes, owned by that user', async () => {
    const file = sandbox.file('source/file', 'theirs');
    execFileSync('setfattr', ['-n', 'user.comment', '-v', 'kept', file]);
    execFileSync('setfattr', ['-n', 'trusted.x', '-v', 'not for them', file]);
    execFileSync('chown', ['1234:4321', file]);
    chmodSync(file, 0o640);
    configureLocal(sandbox, [source]);
    expect(await sandbox.backup()).toEqual(SILENT);
    execFileSync('chown', ['-R', '65534', sandbox.dir]);
    const [copy] = await listCopies(sandbox);
    const dst = join(sandbox.dir, 'restored');
    const args = ['--config', sandbox.config, 'restore', 'file', copy ?? '', '--dst', dst];
    const { status, stderr } = spawnSync('setpriv', [...AS_NOBODY, ...args], { cwd: '/', env: {} });
    expect(stderr.toString()).toBe('');
    expect(status).toBe(0);
    const facts = execFileSync('stat', ['--format', '%a %u', join(dst, file)]).toString();
    expect(facts).toBe('640 65534\n');
    expect(execFileSync('getfattr', ['--absolute-names', '-d', join(dst, file)]).toString()).toContain(
      'user.comment="kept"',
    );
  });
});

describe('the environment', () => {
  it('has no effect on a copy: TAR_OPTIONS, GZIP, ZSTD_CLEVEL, and a cron without any', async () => {
    sandbox.file('source/file', 'content '.repeat(10_000));
    sandbox.file('source/other.log', 'content');
    const sizes: (number | undefined)[] = [];
    const disturbing = {
      TAR_OPTIONS: '--exclude=*.log --verbose',
      GZIP: '-1',
      BZIP2: '-1',
      ZSTD_CLEVEL: '19',
      ZSTD_NBTHREADS: 'x',
      POSIXLY_CORRECT: '1',
    };
    for (const [index, env] of [{}, disturbing].entries()) {
      configureLocal(sandbox, [source], {
        compression: { program: 'zstd' },
        local: { backup_dir: join(sandbox.dir, `repository${index}`) },
      });
      const args = ['--config', sandbox.config, 'backup', '--lock-file', join(sandbox.dir, 'lock'), 'daily'];
      // Nothing at all, not even PATH: as `env -i` leaves it.
      const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { env });
      expect([status, stdout.toString(), stderr.toString()]).toEqual([0, '', '']);
      const listed = await sandbox.run('status', '--type', 'files');
      const { daily } = JSON.parse(listed.stdout) as { daily: Record<string, { size: number }> };
      sizes.push(...Object.values(daily).map((entry) => entry.size));
      const dst = join(sandbox.dir, `restored${index}`);
      expect(await restoreOnly(sandbox, dst)).toEqual(SILENT);
      expect(readdirSync(join(dst, source)).toSorted()).toEqual(['file', 'other.log']);
    }
    expect(sizes).toHaveLength(2);
    // Times of the archive's members may compress to a byte more or less.
    expect(Math.abs((sizes[0] ?? 0) - (sizes[1] ?? 0))).toBeLessThan(30);
  });
});

describe('a directory that holds the copies', () => {
  it.each(['copies', 'cop*es', 'back\\nslash', "it's [a] copy"])(
    'is archived without them, and files of like names stay (%s)',
    async (name) => {
      sandbox.file('source/file', 'content');
      sandbox.file(`source/${name}2/file`, 'content');
      sandbox.file('source/copXes/file', 'content');
      configureLocal(sandbox, [source], {
        local: { backup_dir: join(source, name) },
        destination: { keep_local_path: join(source, 'kept') },
      });
      for (const runType of ['daily', 'weekly']) expect(await sandbox.backup(runType)).toEqual(SILENT);
      const weekly = (await listCopies(sandbox)).find((copy) => copy.includes('/weekly/'));
      const dst = join(sandbox.dir, 'restored');
      expect(await sandbox.run('restore', 'file', weekly ?? '', '--dst', dst)).toEqual(SILENT);
      expect(readdirSync(join(dst, source)).toSorted()).toEqual(['copXes', `${name}2`, 'file'].toSorted());
    },
  );
});

describe('a file that cannot be made where it is restored', () => {
  const canLoseRights = isRoot && spawnSync('setpriv', ['--bounding-set=-mknod', 'true']).status === 0;
  /** As in a container that may make no device nodes. */
  const WITHOUT_MKNOD = ['setpriv', '--bounding-set=-mknod', '--inh-caps=-mknod'] as const;
  const restore = async (dst: string, ...more: string[]) => {
    const [copy = ''] = await listCopies(sandbox);
    return await sandbox.startUnder([...WITHOUT_MKNOD], ['restore', 'file', copy, '--dst', dst, ...more])
      .result;
  };

  it.skipIf(!canLoseRights)('leaves nothing, and with --keep-going everything else', async () => {
    writeFileSync(join(source, 'before'), 'b');
    execFileSync('mknod', [join(source, 'node'), 'b', '7', '99']);
    writeFileSync(join(source, 'zzz'), 'z');
    configureLocal(sandbox, [source]);
    expect(await sandbox.backup()).toEqual(SILENT);
    const dst = join(sandbox.dir, 'restored');
    const refused = await restore(dst);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/node: Cannot mknod: Operation not permitted/);
    expect(refused.stderr).toContain('To restore everything else, add --keep-going.');
    expect(existsSync(dst) ? readdirSync(dst) : []).toEqual([]);
    const kept = await restore(dst, '--keep-going');
    expect(kept.exitCode).toBe(1);
    expect(kept.stderr).toMatch(
      /^ERROR: Restored \S+ to \S+, but for what tar could not make there\n {2}tar: \S+node: Cannot mknod/,
    );
    expect(readdirSync(join(dst, source)).toSorted()).toEqual(['before', 'zzz']);
    expect(readFileSync(join(dst, source, 'zzz'), 'utf8')).toBe('z');
  });

  it('is none that tar only remarks on', async () => {
    writeFileSync(join(source, 'ahead'), 'a');
    const ahead = new Date(Date.now() + 86_400_000);
    utimesSync(join(source, 'ahead'), ahead, ahead);
    configureLocal(sandbox, [source]);
    expect(await sandbox.backup()).toEqual(SILENT);
    const [copy = ''] = await listCopies(sandbox);
    const dst = join(sandbox.dir, 'restored');
    const { exitCode, stderr } = await sandbox.run('restore', 'file', copy, '--dst', dst, '--keep-going');
    expect(stderr).not.toContain('could not make');
    expect(exitCode).toBe(0);
    expect(readFileSync(join(dst, source, 'ahead'), 'utf8')).toBe('a');
  });

  it('is nothing to go on after in a damaged archive or on a full disk', () => {
    const said = (...lines: string[]) => {
      const refusals = new TarRefusals();
      for (const line of lines) refusals.take(line);
      return refusals.allow({ exitCode: 2, signal: null, stderr: lines });
    };
    const end = 'tar: Exiting with failure status due to previous errors';
    expect(said('tar: a/node: Cannot mknod: Operation not permitted', end)).toBe(true);
    expect(said('tar: Skipping to next header', end)).toBe(false);
    expect(said('tar: a/big: Wrote only 512 of 10240 bytes', end)).toBe(false);
    expect(said('tar: a/b: Cannot open: No space left on device', end)).toBe(false);
    expect(
      said(
        'tar: a/node: Cannot mknod: Operation not permitted',
        'tar: Error is not recoverable: exiting now',
      ),
    ).toBe(false);
    expect(said(end)).toBe(false);
  });
});
