import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { canActAsNobody, NOBODY } from '../fixtures/as-nobody.ts';
import { pidOf } from '../fixtures/fake-programs.ts';
import { backUp, configureMysql } from '../fixtures/mysql-run.ts';
import { isMysql, type MariadbServer, startMariadb } from '../lab/mariadb.ts';

const TABLES = [
  'CREATE DATABASE shop',
  'CREATE TABLE shop.a (i INT PRIMARY KEY, t VARCHAR(200)) ENGINE=InnoDB',
  "INSERT INTO shop.a SELECT seq, REPEAT('x', 200) FROM shop.seq_1_to_3000",
  'CREATE TABLE shop.m (i INT PRIMARY KEY, t VARCHAR(200)) ENGINE=MyISAM',
  "INSERT INTO shop.m SELECT seq, REPEAT('y', 100) FROM shop.seq_1_to_3000",
  'CREATE TABLE shop.`h#x-é` (i INT) ENGINE=Aria',
  'CREATE TABLE shop.p (i INT) PARTITION BY HASH(i) PARTITIONS 3',
  'CREATE TABLE shop.mem (i INT) ENGINE=MEMORY',
  'CREATE VIEW shop.v AS SELECT i FROM shop.a',
];

let server: MariadbServer;
let sandbox: Sandbox;
let temporary: string;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  server = await startMariadb();
  for (const statement of TABLES) await server.sql(statement);
  sandbox = createSandbox();
  // The server's account has to get to the data.
  chmodSync(sandbox.dir, 0o711);
  configureMysql(sandbox, server);
  expect(await backUp(sandbox, 'daily')).toMatchObject({ exitCode: 0, stderr: '' });
});
afterAll(async () => {
  sandbox[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

beforeEach(() => {
  // Short: the path of a socket in it has its limit.
  temporary = join(sandbox.dir, 't');
  mkdirSync(temporary, { mode: 0o711 });
  // Stand-ins run as the server's account, and write there.
  mkdirSync(join(sandbox.dir, 'bin'));
  chmodSync(join(sandbox.dir, 'bin'), 0o777);
  environment = { TMPDIR: temporary, PATH: `${sandbox.dir}/bin:${process.env['PATH']}` };
});
afterEach(() => {
  expect(ours()).toEqual([]);
  for (const name of ['t', 'bin']) rmSync(join(sandbox.dir, name), { recursive: true });
});

/** What runs with a path of this sandbox, or a private server's, among its arguments. */
function ours(): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return words.includes('--init-file=') && words.includes(temporary);
    } catch {
      return false;
    }
  });
}

/** The process group of a process, and who else is in it. */
function groupOf(pid: number): { group: number; others: number[] } {
  const groups = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return [
          Number(name),
          Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]?.split(' ')[2]),
        ];
      } catch {
        return [Number(name), 0];
      }
    });
  const group = groups.find(([each]) => each === pid)?.[1] ?? 0;
  const others = groups.flatMap(([each = 0, its]) => (its === group && each !== pid ? [each] : []));
  return { group, others };
}

interface Booted {
  readonly seconds: Record<string, number | null>;
  readonly tables: {
    checked: number;
    expected: number;
    unchecked: string[];
    bad: { table: string; problem: string }[];
  };
  readonly statements: { run: number; failed: { line: number; problem: string }[] };
  readonly reason?: string;
  readonly success: boolean;
  readonly rto: number;
  readonly rpo: number;
  readonly reached: string;
  readonly last_gtid: string;
}

/** Expects nothing to be left in TMPDIR. */
const verify = async (args: readonly string[] = [], tool: readonly string[] = []) => {
  const words = [...tool, 'verify', 'mysql', 'latest', '--boot', ...args];
  const { exitCode, stdout, stderr } = await sandbox.start(words, environment).result;
  expect(readdirSync(temporary)).toEqual([]);
  return { exitCode, stderr, json: JSON.parse(stdout) as Booted };
};

/** A stand-in for a program, found before the real one. */
const stand = (program: string, script: string): string => {
  const file = sandbox.file(`bin/${program}`, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
};

/** The real mariabackup; behind it the commands do their damage, in the folder that it has prepared. */
const damaging = (commands: string): string[] => [
  '--xtrabackup-binary',
  stand(
    'mariabackup',
    `/usr/bin/mariabackup "$@" || exit
case "$*" in *--prepare*) for arg; do case $arg in --target-dir=*) cd "\${arg#*=}/shop";; esac; done
${commands};; esac`,
  ),
];

const named = ({ tables }: Booted) => tables.bad.map(({ table }) => table);

describe.skipIf(isMysql)('verify mysql --boot', () => {
  it('finds all well in a copy, and says how long each step took', async () => {
    const { exitCode, stderr, json } = await verify();
    expect([exitCode, stderr, json.reason]).toEqual([0, '', undefined]);
    expect(Object.keys(json.seconds)).toEqual(['fetch', 'prepare', 'boot', 'replay', 'check', 'sql', 'stop']);
    expect(json.seconds).toMatchObject({ boot: expect.any(Number), stop: expect.any(Number), replay: null });
    expect(json.tables).toMatchObject({ unchecked: ['shop.mem'], bad: [] });
    expect(json.tables.expected).toBe(json.tables.checked + 1);
    expect(json.rto).toBeGreaterThan(0);
    expect(json.rpo).toBeGreaterThan(0);
    expect(Date.parse(json.reached)).toBeGreaterThan(Date.now() - 600_000);
    expect(json.last_gtid).toMatch(/^0-\d+-\d+$/);
  });

  it.each([
    [
      'a page of an .ibd',
      'dd if=/dev/urandom of=a.ibd bs=16384 seek=4 count=1 conv=notrunc 2>/dev/null',
      'shop.a',
    ],
    ['an .ibd that is lost', 'rm a.ibd', 'shop.a'],
    ['a partition that is lost', 'rm p#P#p1.ibd', 'shop.p'],
    ['an .frm that is lost', 'rm a.frm', 'shop.a'],
    ['an .frm of MyISAM that is lost', 'rm m.frm', 'shop.m'],
    ['a .MYD that is lost', 'rm m.MYD', 'shop.m'],
    [
      'a damaged .MYD',
      'dd if=/dev/urandom of=m.MYD bs=1000 seek=20 count=5 conv=notrunc 2>/dev/null',
      'shop.m',
    ],
    ['an .frm with nothing in it', ': >m.frm', 'shop.m'],
  ])('names the table of %s', async (_, commands, table) => {
    const { exitCode, json } = await verify([], damaging(commands));
    expect([exitCode, json.success]).toEqual([1, false]);
    expect(new Set(named(json))).toEqual(new Set([table]));
    expect(json.reason).toContain(table);
  });

  it('asks the statements of a file, each with what it must answer', async () => {
    const file = sandbox.file(
      'asked.sql',
      "-- a comment\nSELECT COUNT(*) > 2000 FROM shop.a;\n-- expect: 1\nSELECT 'a' UNION\n  SELECT NULL;\n-- expect: a\n-- expect: NULL\nSELECT COUNT(*) FROM shop.m;\n-- expect: 7\nSELECT * FROM shop.lost;\nSELECT i FROM shop.a WHERE i = 0;\n-- expect: 0\n",
    );
    const { exitCode, json } = await verify(['--sql', file]);
    expect(exitCode).toBe(1);
    expect(json.statements).toEqual({
      run: 5,
      failed: [
        { line: 8, problem: 'expected "7", got "3000"' },
        { line: 10, problem: "Table 'shop.lost' doesn't exist" },
        { line: 11, problem: 'expected "0", got no row' },
      ],
    });
  });

  it('refuses a file that it does not understand before anything is fetched', async () => {
    const file = sandbox.file('asked.sql', 'SELECT 1\n-- expect: 1\n');
    const { exitCode, stdout, stderr } = await sandbox.start(
      ['verify', 'mysql', 'latest', '--sql', file],
      environment,
    ).result;
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`Cannot use ${file}, line 2: "-- expect:" is not behind the end of a statement`);
  });

  it('says with the last errors of its log why a server does not start', async () => {
    const { exitCode, json } = await verify([], damaging(': >../ibdata1'));
    expect(exitCode).toBe(1);
    expect(json.reason).toMatch(/did not start: .*mariadbd failed with exit code 1/);
    expect(json.reason).toMatch(/\[ERROR\] .*ibdata1/);
    expect(json.tables).toBeNull();
  });

  it('says which folder keeps the account of the server from the data', async () => {
    chmodSync(temporary, 0o700);
    const { json } = await verify();
    expect(json.reason).toContain(`may not enter ${temporary}`);
    expect(json.reason).toContain('Let --dst or TMPDIR name a folder');
  });

  it('leaves the data in --dst, without its user', async () => {
    const dst = join(sandbox.dir, 'booted');
    const { exitCode } = await verify(['--dst', dst]);
    expect([exitCode, existsSync(join(dst, 'shop', 'a.ibd'))]).toEqual([0, true]);
    const { exitCode: again, json } = await verify(['--dst', dst]);
    expect([again, json.reason]).toEqual([1, expect.stringContaining('it is not empty')]);
  });

  it.skipIf(!canActAsNobody)('works without root, as whoever calls it', async () => {
    const own = (id: number) => spawnSync('chown', ['-R', '-h', `${id}:${id}`, sandbox.dir]);
    own(NOBODY);
    try {
      const running = sandbox.startUnder(
        ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--inh-caps=-all'],
        ['verify', 'mysql', 'latest', '--boot'],
        environment,
      );
      const { exitCode, stdout } = await running.result;
      expect([exitCode, (JSON.parse(stdout) as Booted).reason]).toEqual([0, undefined]);
      expect(readdirSync(temporary)).toEqual([]);
    } finally {
      own(0);
    }
  });

  describe('with a server program that is none', () => {
    it('that hangs, ends after SIGTERM, and the program with it', async () => {
      // A stand-in: it says the version of the real one, and is never ready, nor does it heed SIGTERM.
      const program = stand(
        'mariadbd',
        `case "$*" in *--version*|*--help*) exec /usr/sbin/mariadbd "$@";; esac
trap '' TERM; echo $$ >"$0.pid"; while :; do sleep 1; done`,
      );
      const running = sandbox.start(['verify', 'mysql', 'latest', '--boot'], environment);
      const pid = await pidOf(program);
      running.child.kill('SIGTERM');
      expect((await running.result).exitCode).toBe(143);
      expect([existsSync(`/proc/${pid}`), readdirSync(temporary)]).toEqual([false, []]);
    });

    it('of another series, is passed over for one that fits', async () => {
      // A stand-in: what the programs of other series say of themselves.
      for (const name of ['mariadbd', 'mysqld'])
        stand(name, 'echo "$0  Ver 11.8.3-MariaDB for debian-linux-gnu on x86_64"');
      const { json } = await verify();
      // The real ones are found by their paths.
      expect(json.success).toBe(true);
    });
  });

  it('says that a server was killed while it started', async () => {
    // The real server, which is killed as soon as it is there.
    const program = stand(
      'mariadbd',
      `case "$*" in *--version*|*--help*) exec /usr/sbin/mariadbd "$@";; esac
/usr/sbin/mariadbd "$@" & echo $! >"$0.pid"; kill -KILL $!; wait $!`,
    );
    const { exitCode, json } = await verify();
    expect(exitCode).toBe(1);
    expect(json.reason).toMatch(/did not start: .*mariadbd was killed by SIGKILL/);
    expect(existsSync(`/proc/${await pidOf(program)}`)).toBe(false);
  });

  it('ends a server that has outlived its shell in the next run', async () => {
    // As after the kernel has killed all three for want of memory; the server is real, and its number is known.
    const program = stand(
      'mariadbd',
      `case "$*" in *--version*|*--help*) exec /usr/sbin/mariadbd "$@";; esac
echo $$ >"$0.pid"; exec /usr/sbin/mariadbd "$@"`,
    );
    const running = sandbox.start(['verify', 'mysql', 'latest', '--boot'], environment);
    const pid = await pidOf(program);
    const { group, others } = groupOf(pid);
    expect([others.length, group]).toEqual([2, expect.any(Number)]);
    // Stopped, none of them can do anything before all have been killed.
    for (const each of others) process.kill(each, 'SIGSTOP');
    running.child.kill('SIGKILL');
    for (const each of others) process.kill(each, 'SIGKILL');
    await running.result;
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    const { exitCode } = await verify();
    expect([exitCode, existsSync(`/proc/${pid}`)]).toEqual([0, false]);
  });

  it('leaves no process after SIGKILL, and the next run removes the folders', async () => {
    // The real server, whose number is known.
    const program = stand(
      'mariadbd',
      `case "$*" in *--version*|*--help*) exec /usr/sbin/mariadbd "$@";; esac
echo $$ >"$0.pid"; exec /usr/sbin/mariadbd "$@"`,
    );
    const running = sandbox.start(['verify', 'mysql', 'latest', '--boot'], environment);
    const pid = await pidOf(program);
    running.child.kill('SIGKILL');
    await running.result;
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 10_000 }).toBe(false);
    expect(readdirSync(temporary).map((name) => name.split('-').slice(0, 2).join('-'))).toEqual(
      expect.arrayContaining(['twindb-verify']),
    );
    const { exitCode } = await verify();
    expect(exitCode).toBe(0);
  });
});

describe.skipIf(isMysql)('verify mysql --boot of an encrypted server', () => {
  const keys = (folder: string): string => {
    const file = join(folder, 'keys');
    writeFileSync(file, `1;${'a1b2c3d4'.repeat(8)}\n`, { mode: 0o644 });
    return file;
  };

  it('takes key plugin and the case of names from the old server, and says without its keys what is missing', async () => {
    using box = createSandbox();
    chmodSync(box.dir, 0o711);
    const file = keys(box.dir);
    await using encrypted = await startMariadb({
      lines: [
        'plugin_load_add = file_key_management',
        `file_key_management_filename = ${file}`,
        'innodb_encrypt_tables = ON',
        'innodb_encrypt_log = ON',
        'lower_case_table_names = 1',
      ],
    });
    await encrypted.sql('CREATE DATABASE shop');
    await encrypted.sql(
      'CREATE TABLE shop.Orders (i INT) ENCRYPTED=YES SELECT seq AS i FROM shop.seq_1_to_100',
    );
    configureMysql(box, encrypted);
    expect(await backUp(box, 'daily')).toMatchObject({ exitCode: 0, stderr: '' });
    const asked = box.file('asked.sql', 'SELECT COUNT(*) FROM shop.ORDERS;\n-- expect: 100\n');
    const run = async (...more: string[]) => {
      const args = [...more, 'verify', 'mysql', 'latest', '--sql', asked];
      const { exitCode, stdout } = await box.start(args, { TMPDIR: temporary }).result;
      return { exitCode, json: JSON.parse(stdout) as Booted };
    };
    expect(await run()).toMatchObject({ exitCode: 0, json: { success: true, statements: { failed: [] } } });
    // The keys are lost between preparing and the start.
    const backup = stand(
      'mariabackup',
      `/usr/bin/mariabackup "$@" || exit; case "$*" in *--prepare*) rm '${file}';; esac`,
    );
    const { exitCode, json } = await run('--xtrabackup-binary', backup);
    expect(exitCode).toBe(1);
    expect(json.reason).toMatch(/\[ERROR\] .*(file.key|encrypt)/i);
    expect(json.reason).toContain('plugin_load_add of its key plugin');
  });
});
