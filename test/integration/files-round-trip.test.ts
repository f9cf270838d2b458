import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { configureLocal, restoreOnly, SILENT } from '../fixtures/backup-run.ts';
import { describeTree, occupiedBytes } from '../fixtures/file-tree.ts';

const isRoot = process.getuid?.() === 0;

describe('a directory comes back from its copy', () => {
  let sandbox: Sandbox;
  let source: string;
  let dst: string;
  /** Where the directory lies after a restore. */
  let restored: string;

  beforeEach(() => {
    sandbox = createSandbox();
    source = join(sandbox.dir, 'source');
    dst = join(sandbox.dir, 'restored');
    restored = join(dst, source);
    mkdirSync(source);
  });
  afterEach(() => sandbox[Symbol.dispose]());

  /** Backs `source` up and restores it, both in silence. */
  const roundTrip = async (more: Parameters<typeof configureLocal>[2] = {}) => {
    configureLocal(sandbox, [source], more);
    expect(await sandbox.backup()).toEqual(SILENT);
    expect(await restoreOnly(sandbox, dst)).toEqual(SILENT);
  };
  /** ... and finds no difference. */
  const expectSame = async () => {
    await roundTrip();
    expect(describeTree(restored)).toBe(describeTree(source));
  };
  const write = (name: string | Buffer, content: string | Buffer = 'content') =>
    writeFileSync(Buffer.concat([Buffer.from(`${source}/`), Buffer.from(name)]), content);

  it('with names of every kind', async () => {
    const names = [
      'a b',
      ' lead',
      'trail ',
      "it's",
      '"quoted"',
      'new\nline',
      '-rf',
      '--checkpoint=1',
      'tab\t',
    ];
    names.push(
      'ünï',
      '日本',
      'back\\slash',
      'back\\nslash',
      '*',
      '$(id)',
      '`id`',
      ';',
      '%s',
      '\x01',
      'x'.repeat(255),
    );
    for (const name of names) write(name, name);
    write(Buffer.from([0x66, 0xff, 0xfe, 0x80]));
    mkdirSync(join(source, '-d/ü\n'), { recursive: true });
    writeFileSync(join(source, '-d/ü\n/deep'), 'deep');
    await expectSame();
  });

  it.each(['with blank', "it's", '-rf', 'ü', 'back\\slash', 'back\\nslash', '*', '$(id)', 'a;b', '#x', '%d'])(
    'that is itself called %s',
    async (name) => {
      source = join(sandbox.dir, name);
      restored = join(dst, source);
      mkdirSync(source);
      write('file');
      await expectSame();
    },
  );

  it.each(["it's here", '-rf', 'back\\nslash', '日本 $(id)', 'new\nline', 'a/b/c'])(
    'in a --dst called %j',
    async (name) => {
      dst = join(sandbox.dir, name);
      restored = join(dst, source);
      write('file');
      await expectSame();
    },
  );

  it('with hard links that are one file, and symbolic links, dangling ones too', async () => {
    write('one', 'linked');
    linkSync(join(source, 'one'), join(source, 'two'));
    symlinkSync('one', join(source, 'relative'));
    symlinkSync('/nonexistent/target', join(source, 'dangling'));
    symlinkSync('.', join(source, 'loop'));
    await expectSame();
    expect(statSync(join(restored, 'one')).ino).toBe(statSync(join(restored, 'two')).ino);
    expect(lstatSync(join(restored, 'dangling')).isSymbolicLink()).toBe(true);
  });

  it('with the holes of sparse files', async () => {
    write('hole', 'begin');
    truncateSync(join(source, 'hole'), 200 << 20);
    await expectSame();
    expect(statSync(join(restored, 'hole')).size).toBe(200 << 20);
    expect(occupiedBytes(join(restored, 'hole'))).toBeLessThan(1 << 20);
    const [copy] = execFileSync('find', [join(sandbox.dir, 'repository'), '-name', '*.tar.gz'])
      .toString()
      .split('\n');
    expect(statSync(copy ?? '').size).toBeLessThan(100_000);
  });

  it('with modes, owners without a name, and times to the nanosecond', async () => {
    for (const mode of [0o4755, 0o2755, 0o1777, 0o0000, 0o0400, 0o0666]) {
      write(`mode${mode}`);
      chmodSync(join(source, `mode${mode}`), mode);
    }
    mkdirSync(join(source, 'closed'));
    if (isRoot) {
      write('owned');
      chownSync(join(source, 'owned'), 54_321, 54_322);
      writeFileSync(join(source, 'closed/inside'), 'x');
    }
    chmodSync(join(source, 'closed'), 0);
    execFileSync('touch', ['--date', '2001-02-03 04:05:06.123456789', join(source, 'mode420'), source]);
    write('ancient');
    utimesSync(join(source, 'ancient'), -1_000_000, -1_000_000);
    await expectSame();
  });

  it('with empty folders, an empty file, and when it is all empty', async () => {
    mkdirSync(join(source, 'empty/er'), { recursive: true });
    write('nothing', '');
    await expectSame();
    const bare = join(sandbox.dir, 'bare');
    mkdirSync(bare);
    configureLocal(sandbox, [bare]);
    expect(await sandbox.backup('weekly')).toEqual(SILENT);
  });

  it.skipIf(!isRoot)('with ACLs, extended attributes and capabilities', async () => {
    write('acl');
    write('attributes');
    write('capability');
    mkdirSync(join(source, 'folder'));
    execFileSync('setfacl', ['-m', 'u:1234:rw,g:4321:r', join(source, 'acl')]);
    execFileSync('setfacl', ['-d', '-m', 'u:1234:rwx', join(source, 'folder')]);
    execFileSync('setfattr', ['-n', 'user.comment', '-v', 'kept', join(source, 'attributes')]);
    execFileSync('setfattr', ['-n', 'trusted.x', '-v', 'kept', join(source, 'attributes')]);
    execFileSync('setcap', ['cap_net_raw+ep', join(source, 'capability')]);
    await expectSame();
    expect(execFileSync('getcap', [join(restored, 'capability')]).toString()).toContain('cap_net_raw=ep');
    expect(
      execFileSync('getfacl', ['--numeric', '--absolute-names', join(restored, 'acl')]).toString(),
    ).toContain('user:1234:rw-');
  });

  it('without waiting for a fifo or failing over a socket', async () => {
    execFileSync('mkfifo', [join(source, 'fifo')]);
    write('file');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(source, 'socket'), resolve));
    try {
      await roundTrip();
    } finally {
      server.close();
    }
    expect(lstatSync(join(restored, 'fifo')).isFIFO()).toBe(true);
    expect(readFileSync(join(restored, 'file'), 'utf8')).toBe('content');
  });

  it.skipIf(!isRoot)(
    'with the mode, owner and ACL of the folder itself, when the archive is one of /',
    async () => {
      configureLocal(sandbox, []);
      write('file');
      chmodSync(source, 0o711);
      chownSync(source, 1234, 4321);
      execFileSync('setfacl', ['-m', 'u:99:x', source]);
      const files = join(sandbox.dir, 'repository/db1/daily/files');
      mkdirSync(files, { recursive: true });
      const copy = join(files, '_-2026-01-01_00_00_01.tar.gz');
      execFileSync('tar', ['--create', '--gzip', '--acls', '-f', copy, '-C', source, '.']);
      expect(await restoreOnly(sandbox, dst)).toMatchObject({ exitCode: 0 });
      const facts = (folder: string) =>
        execFileSync('getfacl', ['--numeric', '--absolute-names', '--omit-header', folder]).toString() +
        execFileSync('stat', ['--format', '%a %u %g', folder]).toString();
      expect(facts(dst)).toBe(facts(source));
      expect(readdirSync(dst)).toEqual(['file']);
    },
  );

  it('into a folder whose own mode stays when the archive says nothing of it', async () => {
    write('file');
    mkdirSync(dst);
    chmodSync(dst, 0o750);
    await roundTrip();
    expect(statSync(dst).mode & 0o777).toBe(0o750);
  });

  it('with the options for tar that are configured', async () => {
    write('keep');
    write('leave out');
    write('x.log');
    await roundTrip({ source: { tar_options: `--exclude="leave out" --exclude='*.log' --one-file-system` } });
    expect(execFileSync('ls', [restored]).toString()).toBe('keep\n');
  });
});
