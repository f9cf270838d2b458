import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FileCopy } from '../../copies/file-copy.ts';
import type { Destination } from '../../destinations/destination.ts';
import { openLocal } from '../../destinations/local/driver.ts';
import { writeSmallObject } from '../../destinations/small-object.ts';
import { FILES, FILES_STATUS } from '../../kinds/files.ts';
import { createLog } from '../../log.ts';
import { openStatusStore } from '../../status/status-store.ts';
import type { JobContext } from '../job-context.ts';
import type { CopyPlace } from '../record/record-copy.ts';
import { recordStored } from './record-stored.ts';

const { signal } = new AbortController();
const log = createLog('error', () => undefined);
const KEY = 'db1/daily/mysql/mysql-2026-01-01_00_00_01.xbstream.gz';

let folder: string;
let remote: CopyPlace;
let local: CopyPlace;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'record-stored-'));
  [remote, local] = [placeIn('destination'), placeIn('local')];
  for (const { destination } of [remote, local]) await writeSmallObject(destination, KEY, 'a copy', signal);
});
afterEach(() => rm(folder, { recursive: true }));

function placeIn(name: CopyPlace['role']): CopyPlace {
  const destination = openLocal({ kind: 'local', backupDir: join(folder, name) }, log);
  return {
    destination,
    status: openStatusStore(destination, 'db1', FILES_STATUS, { log, signal }),
    format: FILES_STATUS,
    sign: (_key, attributes) => attributes,
    role: name,
    counts: { hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 },
    other: undefined,
  };
}

async function objectsOf({ destination }: { readonly destination: Destination }): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of destination.list('')) keys.push(key);
  return keys;
}

describe('a copy that was stored in both places', () => {
  const stored = { key: KEY, size: 6, sha256: '', chain: [] };
  /** Enters it in each place but the one that `failing` names: there retention cannot be planned. */
  const record = (failing: CopyPlace) =>
    recordStored(
      { atDestination: stored, local: { ...stored }, seconds: 1 },
      { destination: remote, local },
      {
        ...FILES,
        enter: (status) => ({ ...status, daily: { [KEY]: { name: 'a copy' } } }),
        plan: async (_status, _made, { role }) => {
          if (role === failing.role) throw new Error('no plan');
          return [];
        },
      },
      () => ({ key: KEY }) as FileCopy,
      // The only parts of it that are used.
      { destination: remote.destination, local: local.destination, log } as JobContext,
    );

  it('leaves no object anywhere when it cannot be entered at the destination', async () => {
    await expect(record(remote)).rejects.toThrow('no plan');
    expect(await objectsOf(remote)).toEqual([]);
    expect(await objectsOf(local)).toEqual([]);
  });

  it('stays at the destination, and only there, when it cannot be entered locally, which the error says', async () => {
    await expect(record(local)).rejects.toMatchObject({
      message: `${folder}/destination/${KEY} is safe, but its copy in keep_local_path could not be recorded`,
      cause: { message: 'no plan' },
    });
    expect(await objectsOf(remote)).toContain(KEY);
    expect(await objectsOf(local)).toEqual([]);
  });
});
