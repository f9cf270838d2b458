import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flavourOf } from '../../mysql/flavours.ts';
import { THIS_HOST } from './install-host.ts';
import { requireInstallable } from './require-installable.ts';

/** Any account but root: no program runs as it. */
const OWNER = 43210;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync('/tmp/twindb-installable-');
  chmodSync(dir, 0o755);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const make = (name: string, owner = OWNER) => {
  const path = join(dir, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '');
  for (const each of [path, dirname(path)]) chownSync(each, owner, owner);
};

/** What comes of a copy that says so of its server, whose data directory is `data`. */
const tryWith = (settings: Readonly<Record<string, string>> = {}) =>
  requireInstallable(
    {
      dst: join(dir, 'restored'),
      flavour: flavourOf('mariadb', '10.11'),
      config: [],
      setup: {
        settings: { datadir: join(dir, 'data'), ...settings },
        unit: undefined,
        filters: {},
        upstreams: [],
      },
    },
    THIS_HOST,
  );

describe.skipIf(process.getuid?.() !== 0)('a data directory that is going to be replaced', () => {
  it('may be absent, empty or a server’s, also behind a link', async () => {
    await tryWith();
    mkdirSync(join(dir, 'data'));
    await tryWith();
    for (const name of [
      'ibdata1',
      'mysql/user.frm',
      'sh@002dop/a.ibd',
      '#innodb_redo/x',
      'notes',
      'lost+found/x',
    ])
      make(`data/${name}`);
    mkdirSync(join(dir, 'data/empty'));
    await tryWith();
    symlinkSync('data', join(dir, 'link'));
    await tryWith({ datadir: join(dir, 'link') });
  });

  it('has nothing but a server’s: what the copy says may be wrong, or somebody’s doing', async () => {
    make('data/.bashrc');
    make('data/mail/inbox');
    await expect(tryWith()).rejects.toThrow(/data has what is no server's: \.bashrc, mail$/);
    make('data/ibdata1');
    await expect(tryWith()).rejects.toThrow(/data has what is no server's: mail$/);
    await expect(tryWith({ datadir: '/etc' })).rejects.toThrow("/etc has what is no server's: ");
  });

  it('has no file system mounted below it', async () => {
    await expect(tryWith({ datadir: '/sys' })).rejects.toThrow(/\/sys(\/\S+)*,? .*is mounted below it/);
  });

  it('has its folders elsewhere only where the account of the server has them, or its files', async () => {
    make('data/ibdata1');
    make('home/ibdata1');
    await tryWith({ innodb_data_home_dir: join(dir, 'home') });
    await tryWith({ innodb_data_home_dir: join(dir, 'absent') });
    make('shared/passwd', 0);
    const evil = { innodb_data_home_dir: '', innodb_data_file_path: `${join(dir, 'shared/passwd')}:12M` };
    await expect(tryWith(evil)).rejects.toThrow(
      /shared, which does not belong to the account of the server$/,
    );
    chownSync(join(dir, 'shared/passwd'), OWNER, OWNER);
    await tryWith(evil);
    await expect(tryWith({ innodb_undo_directory: join(dir, 'shared') })).rejects.toThrow('does not belong');
  });
});
