import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { end, payload, rename } from '../fixtures/xbstream.ts';
import { type CommandResult, noTwoHosts, startTwoHosts, type TwoHosts } from '../lab/two-hosts.ts';

/** On a busy machine; on a quiet one a few seconds are enough. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let hosts: TwoHosts;

beforeAll(async () => {
  if (noTwoHosts === undefined) hosts = await startTwoHosts();
});
afterEach(async () => await hosts?.reset());
afterAll(async () => await hosts?.[Symbol.asyncDispose]());

const clone = () =>
  hosts.run(['clone', 'mysql', '--replication-password-file', hosts.passwordFile, hosts.replicaAddress]);

async function expectRefused(): Promise<CommandResult> {
  const before = await hosts.describeReplica();
  const result = await clone();
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toMatch(/^192\.0\.2\.2 is as it was before/m);
  await expect.poll(() => hosts.describeReplica(), { timeout: 30_000, interval: 200 }).toBe(before);
  return result;
}

/** The backup program on the source is the real one, whose stream then goes on with these chunks. */
async function appendToStream(chunks: Buffer, work: () => Promise<void>): Promise<void> {
  const folder = join(hosts.dir, 'source/run/lab');
  const [real, fake] = [join(folder, 'mariabackup'), join(folder, 'fake')];
  copyFileSync('/usr/bin/mariabackup', real);
  writeFileSync(join(folder, 'chunks'), chunks);
  writeFileSync(
    fake,
    `#!/bin/sh\n${real} "$@" || exit\ncase " $* " in *' --backup '*) cat /run/lab/chunks ;; esac\n`,
    { mode: 0o755 },
  );
  await hosts.on('source', 'chmod', '755', real);
  await hosts.on('source', 'mount', '--bind', fake, '/usr/bin/mariabackup');
  try {
    await work();
  } finally {
    await hosts.on('source', 'umount', '/usr/bin/mariabackup');
  }
}

describe.skipIf(noTwoHosts)('clone mysql', () => {
  it('passes nothing on that would leave the data directory of the other host', async () => {
    await appendToStream(rename('xtrabackup_info', '../../../etc/mysql/planted'), async () => {
      const { stderr } = await expectRefused();
      expect(stderr).toMatch(/failed while copying the data: .*names a file outside the folder/);
    });
  });

  it('prepares nothing that would move a table out of the data directory of the other host', async () => {
    const file = 'shop/orders.ren';
    const target = '/etc/mysql/planted';
    await appendToStream(Buffer.concat([payload(file, target), end(file)]), async () => {
      const { stderr } = await expectRefused();
      expect(stderr).toContain(
        'failed while preparing the copy: The file /var/lib/mysql/shop/orders.ren of the copy on 192.0.2.2 would move a table out of the data directory, to /etc/mysql/planted',
      );
    });
  });

  it('takes what the unpacker there says for a failure, although it exits 0', async () => {
    hosts.put(
      'sbin/mbstream',
      '#!/bin/sh\n/usr/bin/mbstream "$@"\necho "mbstream: failed to create file \'x\'." >&2\n',
    );
    const { stderr } = await expectRefused();
    expect(stderr).toMatch(
      /failed while copying the data: \S*mbstream on 192\.0\.2\.2 reported "mbstream: failed to create file 'x'\."/,
    );
  });

  it('has the backup program there load nothing that the copy names', async () => {
    // As if the server on the source had said that it needs them.
    hosts.put(
      'sbin/mbstream',
      '#!/bin/sh\n/usr/bin/mbstream "$@"\nprintf "plugin_dir=./evil\\nplugin_load=evil.so\\n" >>/var/lib/mysql/backup-my.cnf\n',
    );
    expect(await clone()).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await hosts.on('replica', 'cat', '/var/lib/mysql/backup-my.cnf')).not.toContain('evil');
  });
});
