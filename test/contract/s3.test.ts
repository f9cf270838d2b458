import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import type { S3Config } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import { DEFAULT_TUNING } from '../../src/destinations/s3/client.ts';
import { openS3 } from '../../src/destinations/s3/driver.ts';
import { deadOwner } from '../fixtures/owners.ts';
import {
  IMPATIENT,
  keepLog,
  labConfig,
  leftoversOf,
  plantUpload,
  quotaConfig,
  seesObject,
} from '../integration/s3-lab.ts';
import { type Intercept, startProxy } from '../integration/s3-proxy.ts';
import { digest, digestOf, listKeys, MIB, makeBytes, store, untilClosed, writeChunk } from './bytes.ts';
import { testDestination } from './destination.ts';
import { testKeys } from './destination-keys.ts';
import { testShare } from './destination-share.ts';
import { testSweep } from './destination-sweep.ts';
import type { Harness } from './harness.ts';

/** The object is there for half a second before the answer to CompleteMultipartUpload says so. */
const holdBackJoins: Intercept = ({ method, url }, answer, forward) => {
  if (method !== 'POST' || !url?.includes('uploadId=')) return 'pass';
  return holdBack(forward, answer);
};

async function holdBack(forward: Parameters<Intercept>[2], answer: Parameters<Intercept>[1]): Promise<void> {
  const real = await forward();
  await sleep(500);
  answer.writeHead(real.statusCode ?? 502, real.headers);
  real.pipe(answer);
}

function harnessOf(config: S3Config): Harness {
  const open = (): ReturnType<typeof openS3> => openS3(config, keepLog());
  const wrong = { accessKeyId: config.credentials?.accessKeyId ?? '', secretAccessKey: new Secret('wrong') };
  return {
    open,
    root: `s3://${config.bucket}/${config.prefix}`.replace(/\/$/, ''),
    secrets: [config.credentials?.secretAccessKey.reveal() ?? ''],
    leftovers: (host) => leftoversOf(config, host),
    sees: (key) => seesObject(config, key),
    plant: (host, owner) => plantUpload(config, host, owner),
    mayBothGiveWay: true,
    openLater: (_host, ms) => openS3(config, keepLog(), { ...DEFAULT_TUNING, aheadMs: ms }),
    openSlow: async () => {
      const proxy = await startProxy(config.endpointUrl ?? '', holdBackJoins);
      return openS3({ ...config, endpointUrl: proxy.endpoint }, keepLog());
    },
    wrongCredentials: () => openS3({ ...config, credentials: wrong }, keepLog()),
    wrongHostKey: { notPossible: 'S3 servers have no host keys' },
    full: async () => ({
      open: () => openS3(quotaConfig(), keepLog()),
      leftovers: (host) => leftoversOf(quotaConfig(), host),
      sees: (key) => seesObject(quotaConfig(), key),
    }),
    serverGone: async () => {
      const proxy = await startProxy(config.endpointUrl ?? '');
      return {
        destination: openS3({ ...config, endpointUrl: proxy.endpoint }, keepLog(), IMPATIENT),
        kill: () => proxy.kill(),
        revive: () => proxy.revive(),
      };
    },
  };
}

testDestination('s3', () => harnessOf(labConfig()));

// What goes by keys in the bucket.
const BY_KEYS = [testKeys, testSweep, testShare];
testDestination('s3 prefix', () => harnessOf(labConfig({ prefix: 'backups/site 1/' })), BY_KEYS);

test('sites in one bucket see, sweep and delete only what is below their own prefix', async () => {
  const sites = ['', 'sites/', 'sites/one/', 'sites/one-more/'].map((prefix) => labConfig({ prefix }));
  const host = `db-prefix-${process.pid}`;
  const key = `${host}/daily/files/_etc-2026-01-31_00_00_01.tar.gz`;
  const planted: string[] = [];
  for (const config of sites) {
    await using site = openS3(config, keepLog());
    await store(site, key, 10, config.prefix.length);
    planted.push(await plantUpload(config, host, deadOwner()));
  }
  for (const [index, config] of sites.entries()) {
    await using site = openS3(config, keepLog());
    expect(site.locate(key)).toBe(`s3://${config.bucket}/${config.prefix}${key}`);
    expect(await listKeys(site, `${host}/`)).toEqual([key]);
    expect(await site.stat(key)).toMatchObject({ key, size: 10 });
    expect(await digestOf(site, key)).toBe(await digest(makeBytes(10, config.prefix.length)));
    expect((await site.sweep(host)).join('\n')).toContain(planted[index]);
    await site.delete(key);
    for (const other of sites.slice(index + 1)) {
      expect(await seesObject(other, key)).toBe(true);
      expect(await leftoversOf(other, host)).toHaveLength(1);
    }
  }
});

test('an upload below a prefix is marked below the folder of its host, where a sweep looks for it', async () => {
  const config = labConfig({ prefix: 'sites/one/', partSize: 5 * MIB });
  const host = `db-marked-${process.pid}`;
  await using site = openS3(config, keepLog());
  const sink = site.write(`${host}/daily/files/_etc-2026-01-31_00_00_01.tar.gz`);
  sink.on('error', () => undefined);
  for (let part = 0; part < 3; part += 1) await writeChunk(sink, Buffer.alloc(5 * MIB));
  await vi.waitFor(async () => expect(await seesObject(config, `${host}/.partial/`)).toBe(true), 20_000);
  const closed = untilClosed(sink);
  sink.destroy(new Error('the test ends it'));
  await closed;
  expect(await seesObject(config, `${host}/.partial/`)).toBe(false);
  expect(await leftoversOf(config, host)).toEqual([]);
});
