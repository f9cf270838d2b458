import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeError } from '../../src/errors.ts';
import type { JobContext } from '../../src/jobs/job-context.ts';
import { restoreBinlogs } from '../../src/jobs/restore/restore-binlog.ts';
import { restoreFile } from '../../src/jobs/restore/restore-file.ts';
import { restoreMysql } from '../../src/jobs/restore/restore-mysql.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { backUp, configureMysql, objectsIn } from '../fixtures/mysql-run.ts';
import { runJob } from '../fixtures/run-in-process.ts';
import { startMariadb } from '../lab/mariadb.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = createSandbox();
  await using server = await startMariadb();
  await server.sql('CREATE DATABASE d');
  sandbox.file('etc/one', '1');
  sandbox.file('etc/two', '2');
  configureMysql(sandbox, server, { source: { backup_dirs: join(sandbox.dir, 'etc') } });
  expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
});
afterAll(() => sandbox[Symbol.dispose]());

type Restore = (copy: string, dst: string, context: JobContext) => Promise<unknown>;

const RESTORES: [string, Restore][] = [
  ['mysql', (copy, dst, context) => restoreMysql(copy, { dst, cache: undefined }, context)],
  ['binlog', (copy, dst, context) => restoreBinlogs([copy], dst, context)],
  ['files', (copy, dst, context) => restoreFile(copy, { dst }, context)],
];

// In one process, so that each step of one is followed by the same step of the other.
it.each(RESTORES)(
  'of two restores of %s into one folder at once the second one fails, and leaves what the first one restores alone',
  async (media, restore) => {
    const copy = objectsIn(sandbox).find((key) => key.includes(`/${media}/`)) ?? '';
    const into = (dst: string) =>
      runJob(sandbox, {}, (context) => restore(copy, dst, context)).then(() => 'restored', describeError);
    const [alone, shared] = [join(sandbox.dir, media, 'alone'), join(sandbox.dir, media, 'shared')] as const;
    expect(await into(alone)).toBe('restored');
    expect(await Promise.all([into(shared), into(shared)]).then((ends) => ends.toSorted())).toEqual([
      expect.stringContaining(`Cannot restore into ${shared}: another restore is at work there`),
      'restored',
    ]);
    const contents = (dst: string) => readdirSync(dst, { recursive: true }).map(String).toSorted();
    expect(contents(shared)).toEqual(contents(alone));
    expect(await into(shared)).toContain(`Cannot restore into ${shared}: it is not empty`);
    expect(contents(shared)).toEqual(contents(alone));
  },
);
