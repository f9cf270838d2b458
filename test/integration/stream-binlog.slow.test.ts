import { expect, it } from 'vitest';
import { createSandbox, destinationSections, type LabKind } from '../e2e/cli.ts';
import { configureMysql } from '../fixtures/mysql-run.ts';
import { compare, killAgainAndAgain } from '../fixtures/stream-run.ts';
import { useLab } from '../lab/lab.ts';
import { startMariadb } from '../lab/mariadb.ts';

it.each<LabKind>(['local', 'ssh', 's3'])(
  'twenty kills of the service that stores binary logs cost nothing: %s',
  async (kind) => {
    await using server = await startMariadb();
    using sandbox = createSandbox();
    configureMysql(sandbox, server, {
      ...destinationSections(kind, sandbox, useLab()),
      host: { name: `stream-slow-${process.pid}-${kind}` },
      stream: { interval: 1 },
      source: { backup_mysql: 'no' },
    });
    const { stored, acknowledged } = await killAgainAndAgain(sandbox, server, 20);
    expect(compare(server, stored, acknowledged)).toEqual({ holes: [], lost: [[], [], []], notTail: [] });
  },
  600_000,
);
