import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { binlogKeyOfObject } from '../../src/copies/binlog-copy.ts';
import type { Media } from '../../src/copies/key.ts';
import { MEDIA } from '../../src/copies/key.ts';
import { runBackup } from '../../src/jobs/backup/run-backup.ts';
import { openPlaces } from '../../src/jobs/record/open-places.ts';
import { digestOf } from '../contract/bytes.ts';
import { createSandbox, destinationSections, type LabKind, type Sandbox } from '../e2e/cli.ts';
import { runJob } from '../fixtures/run-in-process.ts';
import { useLab } from '../lab/lab.ts';
import { startMariadb } from '../lab/mariadb.ts';
import { loadSchemas } from '../lab/schemas.ts';

const lab = useLab();
const KINDS: readonly (LabKind | 'plain SFTP')[] = ['local', 'ssh', 'plain SFTP', 's3'];

let sandbox: Sandbox;
let hosts = 0;
let host: string;
beforeEach(() => {
  sandbox = createSandbox();
  host = `two-runs-${process.pid}-${Date.now()}-${hosts++}`;
});
afterEach(() => sandbox[Symbol.dispose]());

function configure(kind: (typeof KINDS)[number], more: Parameters<Sandbox['configure']>[0] & object): void {
  const isPlain = kind === 'plain SFTP';
  const { ssh, ...sections } = destinationSections(isPlain ? 'ssh' : kind, sandbox, lab);
  sandbox.configure({
    ...sections,
    ...(ssh && { ssh: { ...ssh, ...(isPlain && { port: lab.sshPlain.port }) } }),
    compression: { program: 'gzip' },
    measures: { log: join(sandbox.dir, 'measures.log') },
    integrity: { key_file: join(sandbox.dir, 'integrity.key') },
    ...more,
  });
}

/** Runs of this host that begin in one second, each with a lock of its own; what they returned, and what they said. */
async function runAtOnce(count: number): Promise<{ succeeded: boolean[]; complaints: string[] }> {
  const start = new Date();
  const runs = Array.from({ length: count }, (_, number) =>
    runJob(sandbox, { host, now: () => start }, (context) =>
      runBackup('daily', { lock: { path: join(sandbox.dir, `lock-${number}`) } }, context),
    ),
  );
  const outcomes = await Promise.all(runs);
  return {
    succeeded: outcomes.map(({ returned }) => returned),
    complaints: outcomes
      .flatMap(({ complaints }) => complaints)
      // Each of the first runs may be the one that makes the key of this machine.
      .filter((message) => !message.startsWith('Made the key')),
  };
}

/** The keys of the objects of a kind, and of the entries whose object is what the status says. */
async function look(media: Media): Promise<{ objects: string[]; intact: string[] }> {
  const { returned } = await runJob(sandbox, { host }, async (context) => {
    const { status: store, format } = (await openPlaces(context))[media].destination;
    const { status, deletions } = await store.read();
    expect(deletions).toEqual([]);
    const entries = new Map(format.entries(status));
    const objects: string[] = [];
    const intact: string[] = [];
    for await (const { key } of context.destination.list(`${host}/`)) {
      if (!key.includes(`/${media}/`)) continue;
      objects.push(key);
      const attributes = entries.get(media === 'binlog' ? binlogKeyOfObject(key) : key);
      if ((await digestOf(context.destination, key)) === attributes?.['sha256']) intact.push(key);
    }
    expect(entries.size).toBe(objects.length);
    return { objects: objects.toSorted(), intact: intact.toSorted() };
  });
  return returned;
}

describe.each(KINDS)('runs of one host at once without a common lock, to %s', (kind) => {
  it('lose no entry and no copy: each has a name of its own, and is what its entry says', async () => {
    sandbox.file('one/file', 'one'.repeat(1000));
    sandbox.file('two/file', 'two'.repeat(1000));
    configure(kind, {
      source: { backup_dirs: `${sandbox.dir}/one ${sandbox.dir}/two` },
      retention: { daily_copies: 100 },
    });
    expect(await runAtOnce(3)).toEqual({ succeeded: [true, true, true], complaints: [] });
    const { objects, intact } = await look('files');
    expect(objects).toHaveLength(6);
    expect(intact).toEqual(objects);
  });

  it('expire old copies together, and delete none that is to stay', async () => {
    sandbox.file('one/file', 'one');
    configure(kind, { source: { backup_dirs: `${sandbox.dir}/one` }, retention: { daily_copies: 2 } });
    for (let round = 0; round < 2; round++) {
      expect(await runAtOnce(2)).toEqual({ succeeded: [true, true], complaints: [] });
      // Each may have ordered a deletion that the other one has left out: the next run finishes it.
      expect(await runAtOnce(1)).toEqual({ succeeded: [true], complaints: [] });
      const { objects, intact } = await look('files');
      expect(objects).toHaveLength(2);
      expect(intact).toEqual(objects);
    }
  });
});

it('two runs that copy one server and its logs at once list what both have stored', async () => {
  await using server = await startMariadb();
  await loadSchemas(server, { tables: 2, rows: 20 });
  configure('local', {
    source: { backup_mysql: 'yes' },
    mysql: { mysql_defaults_file: server.defaultsFile },
  });
  expect((await runAtOnce(2)).succeeded).toEqual([true, true]);
  for (const media of MEDIA.filter((each) => each !== 'files')) {
    const { objects, intact } = await look(media);
    expect(objects.length).toBeGreaterThanOrEqual(2);
    expect(intact).toEqual(objects);
  }
});
