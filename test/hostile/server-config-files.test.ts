import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLog } from '../../src/log.ts';
import { collectConfigs } from '../../src/mysql/server/my-cnf.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';

// A server says that its settings came from a file that it may not read itself: root reads it, and stores it with the copy.

let sandbox: Sandbox;
let secret: string;
beforeEach(() => {
  sandbox = createSandbox();
  secret = sandbox.file('credentials', '[default]\naws_secret_access_key = GEHEIM\n');
});
afterEach(() => sandbox[Symbol.dispose]());

const collect = async (path: string) => {
  const configs = await collectConfigs(
    {
      vendor: 'mariadb',
      variable: async (name) => (name === 'pid_file' ? '' : '/'),
      query: async <Row>() => [{ path }] as Row[],
    },
    createLog('error', () => undefined),
  );
  return new Map(configs.flatMap((config) => Object.entries(config)));
};

it.each(['directly', 'by an include of its own'])(
  'has no file of others stored that it names %s',
  async (how) => {
    const own = sandbox.file('own.cnf', `[mysqld]\nport=1\n!include ${secret}\n`);
    const files = await collect(how === 'directly' ? secret : own);
    expect([...files.keys()]).not.toContain(secret);
    expect(
      [...files.values()].map((base64) => Buffer.from(base64, 'base64').toString()).join(''),
    ).not.toContain('GEHEIM');
    if (how !== 'directly') expect([...files.keys()]).toContain(own);
  },
);

it('has the files stored that a server reads, whatever version or suffix their groups have', async () => {
  const folder = join(sandbox.dir, 'conf.d');
  mkdirSync(folder);
  const groups = [
    'mysqld',
    'server',
    'mariadb-10.11',
    'mysqld_2',
    'mysqld1',
    'client-server',
    'galera',
    'mariadbd',
  ];
  for (const group of groups) writeFileSync(join(folder, `${group}.cnf`), `[${group}]\nloose_x=1\n`);
  for (const group of ['mysqldump', 'client', 'mariadb-dump', 'mariadb-client'])
    writeFileSync(join(folder, `${group}.cnf`), `[${group}]\npassword=GEHEIM\n`);
  const root = sandbox.file('root.cnf', `# Nothing but what it includes.\n!includedir ${folder}\n`);
  const files = await collect(root);
  const names = groups.map((group) => join(folder, `${group}.cnf`)).toSorted();
  expect([...files.keys()].filter((path) => path.startsWith(folder)).toSorted()).toEqual(names);
  expect([...files.keys()]).toContain(root);
});
