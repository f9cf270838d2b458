import { hostname } from 'node:os';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunType } from '../../src/copies/run-type.ts';
import { verifyMysql } from '../../src/jobs/restore/verify-mysql.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { giveLabKey } from '../fixtures/lab-key.ts';
import { binlogEntries, configureMysql, listedMysql, statusOf } from '../fixtures/mysql-run.ts';
import { backUpHere, type Change, runJob } from '../fixtures/run-in-process.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';

let one: MariadbServer;
let two: MariadbServer;
let sandbox: Sandbox;
beforeAll(async () => {
  [one, two] = await Promise.all([startMariadb(), startMariadb()]);
});
afterAll(async () => {
  await Promise.all([one[Symbol.asyncDispose](), two[Symbol.asyncDispose]()]);
});
beforeEach(() => {
  sandbox = createSandbox();
});
afterEach(() => sandbox[Symbol.dispose]());

const ONE_DAY = { mysql: { expire_log_days: 1 }, retention: { daily_copies: 1, hourly_copies: 1 } };

/** A run of this host name; returns what it warned of but for what has nothing to do with others. */
async function run(server: MariadbServer, runType: RunType, change: Change = {}): Promise<string[]> {
  configureMysql(sandbox, server, ONE_DAY);
  giveLabKey(sandbox);
  const { returned, complaints } = await backUpHere(sandbox, runType, change);
  expect(returned).toBe(true);
  return complaints.map((each) => each.split('\n')[0] ?? '');
}

interface Entry {
  readonly machine_id: string;
  readonly server: string;
  readonly parent: string | null;
}

const entryOf = (key: string) => statusOf(sandbox, key) as Entry;
const listed = () => listedMysql(sandbox).map(({ key, type }) => ({ key, type, ...entryOf(key) }));
const later = (days: number): Change => ({ now: () => new Date(Date.now() + days * 86_400_000) });
const as = (machine: string): Change => ({ machineId: () => machine });

const OTHER_SERVER =
  /^Another server is backed up under the host name \S+: .* is of server [0-9a-f]{32}:\d+, this is server [0-9a-f]{32}:\d+\./;
const NEW_SERVER =
  /^The copies of \S+ so far are of server [0-9a-f]{32}:\d+, this is server [0-9a-f]{32}:\d+: its first backup/;

describe('two servers of one host name', () => {
  it('each continue, keep and remove their own copies and logs', async () => {
    expect(await run(one, 'daily')).toEqual([]);
    expect(await run(two, 'daily')).toEqual([
      expect.stringMatching(NEW_SERVER),
      expect.stringContaining('are of another server: all closed ones of this server are copied'),
    ]);
    // One is to be kept, and nothing was deleted.
    expect(listed()).toHaveLength(2);
    expect(await run(one, 'hourly')).toEqual([expect.stringMatching(OTHER_SERVER)]);
    expect(await run(two, 'hourly')).toEqual([]);
    expect(await run(one, 'hourly')).toEqual([]);
    const copies = listed();
    const ids = [...new Set(copies.map(({ server }) => server))];
    expect(ids).toHaveLength(2);
    for (const id of ids) {
      const own = copies.filter(({ server }) => server === id);
      const [full] = own.filter(({ type }) => type === 'full');
      expect(own.map(({ type, parent }) => `${type} ${parent}`).toSorted()).toEqual([
        'full null',
        `incremental ${full?.key}`,
      ]);
    }

    const logsOf = (port: number) =>
      Object.entries(binlogEntries(sandbox)).flatMap(([key, { server }]) =>
        String(server).endsWith(`:${port}`) ? [key] : [],
      );
    const before = { one: logsOf(one.port), two: logsOf(two.port) };
    expect(Math.min(before.one.length, before.two.length)).toBeGreaterThan(1);
    await run(one, 'hourly', later(3));
    expect(logsOf(two.port)).toEqual(before.two);
    expect(logsOf(one.port)).not.toContain(before.one[0]);
  });
});

describe('a clone of a machine, whose server has the same IDs', () => {
  it('does not continue the copies of the original, and `latest` is what the machine at hand has made', async () => {
    await run(one, 'daily', as('original'));
    const [warning] = await run(one, 'hourly', as('clone'));
    expect(warning).toMatch(
      /^The copies of \S+ so far are of machine original, this is machine clone: its first backup/,
    );
    await run(one, 'hourly', as('original'));
    await run(one, 'hourly', as('clone'));
    const copies = listed();
    const of = (machine: string) => copies.filter(({ machine_id }) => machine_id === machine);
    expect(
      of('original')
        .map(({ type }) => type)
        .toSorted(),
    ).toEqual(['full', 'incremental']);
    expect(of('clone').map(({ type }) => type)).toEqual(['full', 'incremental']);
    const verify = async (machine: string) => {
      const { returned } = await runJob(sandbox, as(machine), (context) =>
        verifyMysql('latest', { dst: undefined, boot: undefined, host: hostname() }, context),
      );
      expect(returned.failure).toBeUndefined();
      return entryOf(returned.copy).machine_id;
    };
    expect(await verify('original')).toBe('original');
    expect(await verify('clone')).toBe('clone');
  });
});
