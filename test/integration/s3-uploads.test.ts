import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { S3Config } from '../../src/config/config.ts';
import type { Destination } from '../../src/destinations/destination.ts';
import { DEFAULT_TUNING, type S3Tuning } from '../../src/destinations/s3/client.ts';
import { openS3 } from '../../src/destinations/s3/driver.ts';
import { markerFor } from '../../src/destinations/s3/marker.ts';
import type { PartPlan } from '../../src/destinations/s3/part-plan.ts';
import { writeSmallObject } from '../../src/destinations/small-object.ts';
import { describeError, OutgrownError } from '../../src/errors.ts';
import { newPartialName } from '../../src/lock/owner.ts';
import {
  digest,
  digestOf,
  listKeys,
  MIB,
  makeBytes,
  store,
  untilClosed,
  writeChunk,
} from '../contract/bytes.ts';
import { deadOwner, ownerWith } from '../fixtures/owners.ts';
import { useLab } from '../lab/lab.ts';
import { keepLog, labConfig, leftoversOf, observe, plantUpload } from './s3-lab.ts';

let hosts = 0;
let host: string;
let key: string;
let log: ReturnType<typeof keepLog>;
const opened: Destination[] = [];
const children: ChildProcess[] = [];

const open = (change: Partial<S3Config> = {}, tuning: Partial<S3Tuning> = {}): Destination => {
  const destination = openS3(labConfig(change), log, { ...DEFAULT_TUNING, ...tuning });
  opened.push(destination);
  return destination;
};

beforeEach(() => {
  host = `s3-uploads-${process.pid}-${Date.now()}-${hosts++}`;
  key = `${host}/daily/files/copy`;
  log = keepLog();
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const destination of opened.splice(0)) await destination[Symbol.asyncDispose]();
});

/** Parts of 5 MiB, S3's smallest, and few of them. */
const TINY: PartPlan = {
  partSize: 5 * MIB,
  queueSize: 2,
  capacity: 55 * MIB,
  remedy: 'Set [s3] part_size.',
};

describe('parts', () => {
  const SIZES = [5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 15 * MIB, 33 * MIB, 33 * MIB + 1, TINY.capacity];
  test.each(SIZES)('%i bytes in parts arrive as they were', async (size) => {
    await store(open({}, { plan: TINY }), key, size, 1);
    expect(await digestOf(open(), key)).toBe(await digest(makeBytes(size, 1)));
    expect(await leftoversOf(labConfig(), host)).toEqual([]);
  });

  test.each([
    ['planned', { plan: TINY }, {}],
    ['configured', {}, { partSize: 5 * MIB, concurrency: 2 }],
  ])('parts are as large as %s', async (_what, tuning, config) => {
    const sink = open(config, tuning).write(key);
    for (const chunk of makeBytes(27 * MIB, 1)) await writeChunk(sink, chunk);
    const client = observe(labConfig());
    const where = { Bucket: labConfig().bucket };
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ ...where, Prefix: key }));
    const which = { ...where, Key: key, UploadId: Uploads?.[0]?.UploadId };
    const sizes = async (): Promise<unknown> =>
      (await client.send(new ListPartsCommand(which))).Parts?.map(({ Size }) => (Size ?? 0) / MIB);
    await expect.poll(sizes, { timeout: 20_000 }).toEqual([5, 5, 5, 5, 5]);
    client.destroy();
    sink.destroy();
    await untilClosed(sink);
  });

  test('a stream that outgrows all parts fails at the first byte too many, names the setting, leaves nothing', async () => {
    let produced = 0;
    const source = function* (): Generator<Buffer> {
      for (const chunk of makeBytes(400 * MIB, 1)) {
        produced += chunk.length;
        yield chunk;
      }
    };
    const sink = open({}, { plan: TINY }).write(key);
    const closed = untilClosed(sink);
    const error = await pipeline(Readable.from(source()), sink).catch((reason: unknown) => reason);
    await closed;
    expect(error).toBeInstanceOf(OutgrownError);
    expect((error as OutgrownError).size).toBeGreaterThan(TINY.capacity);
    expect(describeError(error)).toContain(`Cannot write s3://${labConfig().bucket}/${key}: there are more`);
    expect(describeError(error)).toMatch(/more than the 55\.0 MiB[\s\S]*\[s3\] part_size/);
    expect(produced).toBeLessThan(TINY.capacity + 4 * MIB);
    expect(await leftoversOf(labConfig(), host)).toEqual([]);
  });

  test('what cannot fit the configured part size is refused before the first byte is sent', async () => {
    const sink = open({ partSize: 5 * MIB, endpointUrl: 'http://127.0.0.1:9' }).write(key, {
      expected: { likely: 60_000 * MIB, atMost: 60_000 * MIB },
    });
    const error = await pipeline(Readable.from(makeBytes(MIB, 1)), sink).catch((reason: unknown) => reason);
    expect(describeError(error)).toMatch(/part_size to at least 9 MiB/);
    expect(describeError(error)).toContain(`Cannot write s3://${labConfig().bucket}/${key}: About 58.6 GiB`);
  });

  test('an expectation that takes more memory than usual is told before the upload', async () => {
    const expected = { likely: 1024 ** 4, atMost: 3 * 1024 ** 4 };
    await pipeline(Readable.from(makeBytes(10, 1)), open().write(key, { expected }));
    expect(log.lines.join()).toMatch(/takes parts of 315\.0 MiB and 630\.0 MiB of memory/);
  });

  test('an ordinary write says nothing, nor does that of a status where parts are large', async () => {
    await store(open(), key, 33 * MIB, 1);
    const { signal } = new AbortController();
    await writeSmallObject(open({ partSize: 400 * MIB }), `${host}/status`, '{}', signal);
    expect(log.lines).toEqual([]);
  });
});

describe('how objects are kept', () => {
  test.each([1000, 20 * MIB])(
    '%i bytes get the storage class and the encryption configured',
    async (size) => {
      const { storageClass, kmsKeyId } = useLab().s3;
      await store(open({ storageClass, sse: 'aws:kms', sseKmsKeyId: kmsKeyId }), key, size, 1);
      const client = observe(labConfig());
      const head = await client.send(new HeadObjectCommand({ Bucket: labConfig().bucket, Key: key }));
      client.destroy();
      expect(head).toMatchObject({
        StorageClass: storageClass,
        ServerSideEncryption: 'aws:kms',
        SSEKMSKeyId: kmsKeyId,
      });
      expect(await digestOf(open(), key)).toBe(await digest(makeBytes(size, 1)));
    },
  );
});

test('the storage class is for copies: a status stays STANDARD, encrypted as configured', async () => {
  const { storageClass, kmsKeyId } = useLab().s3;
  const destination = open({ storageClass, sse: 'aws:kms', sseKmsKeyId: kmsKeyId });
  const statusKey = `${host}/files-status`;
  const { signal } = new AbortController();
  await store(destination, key, 1000, 1);
  await writeSmallObject(destination, statusKey, '{}', signal);
  const large = `${host}/large`;
  await pipeline(Readable.from(makeBytes(20 * MIB, 1)), destination.write(large, { readOften: true }));
  const client = observe(labConfig());
  const { bucket: Bucket } = labConfig();
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: `${host}/` }));
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: statusKey }));
  client.destroy();
  expect(Object.fromEntries(Contents.map(({ Key, StorageClass }) => [Key, StorageClass]))).toEqual({
    [key]: storageClass,
    [statusKey]: 'STANDARD',
    [large]: 'STANDARD',
  });
  expect(head).toMatchObject({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: kmsKeyId });
});

describe('listings of several pages', () => {
  const NAMES = ['a', 'a b', 'a+b', 'new\nline', 'ünï', '%41', '&<>"', 'z'];

  test('hold every object once, whatever its name', async () => {
    const keys = NAMES.map((name) => `${host}/daily/files/${name}`);
    for (const each of keys) await store(open(), each, 1, 1);
    expect(await listKeys(open({}, { pageSize: 2 }), `${host}/`)).toEqual(keys.toSorted());
  });

  test('hold every upload: a sweep finds all of them', async () => {
    for (let count = 0; count < 5; count++) await plantUpload(labConfig(), host, deadOwner());
    expect(await open({}, { pageSize: 2 }).sweep(host)).toHaveLength(5);
    expect(await leftoversOf(labConfig(), host)).toEqual([]);
  });

  test('an upload of an oddly named key is swept too', async () => {
    const sink = open({}, { plan: TINY }).write(`${host}/daily/files/new\nline +%41&`);
    for (const chunk of makeBytes(6 * MIB, 1)) await writeChunk(sink, chunk);
    expect(await open().sweep(host)).toEqual([]);
    sink.destroy();
    await untilClosed(sink);
    expect(await leftoversOf(labConfig(), host)).toEqual([]);
  });
});

const DAY_MS = 24 * 3_600_000;

/** Adds parts of a byte to the planted upload of a key. */
async function addParts(Key: string, count: number): Promise<void> {
  const client = observe(labConfig());
  const { bucket: Bucket } = labConfig();
  const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: Key }));
  for (let PartNumber = 1; PartNumber <= count; PartNumber++) {
    const part = { Bucket, Key, UploadId: Uploads?.[0]?.UploadId, PartNumber };
    await client.send(new UploadPartCommand({ ...part, Body: Buffer.from('x'), ContentLength: 1 }));
  }
  client.destroy();
}

async function listMarkers(): Promise<unknown[]> {
  const client = observe(labConfig());
  const where = { Bucket: labConfig().bucket, Prefix: `${host}/.partial/` };
  const { Contents = [] } = await client.send(new ListObjectsV2Command(where));
  client.destroy();
  return Contents;
}

const startWriter = async (): Promise<ChildProcess> => {
  const script = fileURLToPath(new URL('../fixtures/s3-write-until-killed.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, `${useLab().dir}/lab.json`, key], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
};

describe('other processes', () => {
  test('a live one keeps its upload through a sweep; killed with SIGKILL, the next sweep removes it', async () => {
    const child = await startWriter();
    expect(await open().sweep(host)).toEqual([]);
    expect(await leftoversOf(labConfig(), host)).toEqual([key]);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await leftoversOf(labConfig(), host)).toEqual([key]);
    expect(await open().sweep(host)).toEqual([expect.stringContaining(key)]);
    expect(await leftoversOf(labConfig(), host)).toEqual([]);
    expect(await listKeys(open(), `${host}/`)).toEqual([]);
  });

  test('a run that died between its marker and its upload leaves no marker after a sweep', async () => {
    const client = observe(labConfig());
    const Key = markerFor(key, deadOwner());
    await client.send(
      new PutObjectCommand({ Bucket: labConfig().bucket, Key, Body: Buffer.alloc(0), ContentLength: 0 }),
    );
    client.destroy();
    expect(await leftoversOf(labConfig(), host)).toEqual([Key]);
    expect(await open().sweep(host)).toEqual([expect.stringContaining(Key)]);
    expect(await leftoversOf(labConfig(), host)).toEqual([]);
  });

  test('what another machine uploads counts by its newest part, not by its age; its marker stays with it', async () => {
    key = await plantUpload(labConfig(), host, ownerWith({ machine: '0123456789ab' }));
    await delay(6000);
    await addParts(key, 3);
    // By now the upload and its marker are a day old, but not the parts, which come in two pages.
    const aheadMs = DAY_MS - 4000;
    expect(await open({}, { aheadMs, pageSize: 2 }).sweep(host)).toEqual([]);
    expect(await leftoversOf(labConfig(), host)).toEqual([key]);
    expect(await listMarkers()).toHaveLength(1);
    expect(await open({}, { aheadMs: DAY_MS + 5000 }).sweep(host)).toEqual([expect.stringContaining(key)]);
    expect(await listMarkers()).toEqual([]);
  });

  test('an upload that has no marker may be that of another tool: it is aborted a day after its last part', async () => {
    const client = observe(labConfig());
    await client.send(new CreateMultipartUploadCommand({ Bucket: labConfig().bucket, Key: key }));
    client.destroy();
    expect(await open().sweep(host)).toEqual([]);
    expect(await open({}, { aheadMs: DAY_MS + 5000 }).sweep(host)).toEqual([expect.stringContaining(key)]);
  });

  test('a live marker protects its own key only', async () => {
    const live = await plantUpload(labConfig(), host, newPartialName());
    const dead = await plantUpload(labConfig(), host, deadOwner());
    expect(await open().sweep(host)).toEqual([expect.stringContaining(dead)]);
    expect(await leftoversOf(labConfig(), host)).toEqual([live]);
  });
});

/** Makes the clients of a bucket in a process of its own that takes itself for this version of Node; the number is that of the variables it leaves behind. */
async function makeClients(version: string): Promise<{ stdout: string; stderr: string }> {
  const program = `
    Object.defineProperty(process, 'version', { value: '${version}' });
    import { createViteServer } from 'vitest/node';
    const server = await createViteServer({ configFile: false, logLevel: 'silent', server: { middlewareMode: true, ws: false, watch: null } });
    const { createBucket, DEFAULT_TUNING } = await server.ssrLoadModule('/src/destinations/s3/client.ts');
    createBucket({ kind: 's3', bucket: 'b', region: 'us-east-1', checksums: 'when_supported', concurrency: 1 }, {}, DEFAULT_TUNING);
    console.log(Object.keys(process.env).filter((name) => name.includes('AWS_SDK_JS')).length);
    await server.close();`;
  const run = promisify(execFile);
  return await run(process.execPath, ['--input-type=module', '-e', program]);
}

test.each(['v20.19.2', 'v24.21.0'])(
  'making a client on Node %s says nothing on stderr, and leaves the environment alone',
  async (version) => {
    expect(await makeClients(version)).toEqual({ stdout: '0\n', stderr: '' });
  },
);

test('what the SDK says of the end of another version of Node than 20 is shown', async () => {
  const { stdout, stderr } = await makeClients('v21.7.3');
  expect(stderr).toContain('NodeVersionSupportWarning');
  expect(stdout).toBe('0\n');
});
