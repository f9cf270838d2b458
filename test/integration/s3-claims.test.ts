import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Claim, Destination, WriteOptions } from '../../src/destinations/destination.ts';
import { DEFAULT_TUNING } from '../../src/destinations/s3/client.ts';
import { openS3 } from '../../src/destinations/s3/driver.ts';
import { markerFor } from '../../src/destinations/s3/marker.ts';
import { ConflictError } from '../../src/errors.ts';
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
import { failureOf } from '../fixtures/failure.ts';
import { keepLog, labConfig, leftoversOf, observe } from './s3-lab.ts';
import { type Intercept, type Proxy, startProxy } from './s3-proxy.ts';

/** Of two parts, where that is expected. */
const LARGE = 20 * MIB;
const expected = { likely: LARGE, atMost: LARGE };
let hosts = 0;
let host: string;
let key: string;
let proxy: Proxy;
let destination: Destination;
let asked: string[];

beforeEach(async () => {
  host = `s3-claims-${process.pid}-${Date.now()}-${hosts++}`;
  key = `${host}/daily/files/copy`;
  asked = [];
  proxy = await startProxy(labConfig().endpointUrl ?? '');
  destination = openS3(labConfig({ endpointUrl: proxy.endpoint }), keepLog(), DEFAULT_TUNING);
});

afterEach(async () => {
  await destination[Symbol.asyncDispose]();
  await proxy.kill();
});

const isPut = ({ method, url }: IncomingMessage): boolean =>
  method === 'PUT' && (url?.includes('/copy') ?? false) && !url?.includes('partNumber=');
const isJoin = ({ method, url }: IncomingMessage): boolean =>
  method === 'POST' && (url?.includes('uploadId=') ?? false);

function claimOf(...others: readonly string[]): { claim: Claim; got: string[] } {
  const [left, got]: [string[], string[]] = [[...others], []];
  return { claim: { next: () => left.shift(), claimed: (each) => got.push(each) }, got };
}

async function write(size: number, seed: number, options: WriteOptions): Promise<void> {
  await pipeline(
    Readable.from(makeBytes(size, seed), { objectMode: false }),
    destination.write(key, { expected, ...options }),
  );
}

/** Lets the first request of a kind through, and loses the answer. */
function loseFirst(which: (asked: IncomingMessage) => boolean): Intercept {
  let isLost = false;
  return (request, _answer, forward) => {
    if (isLost || !which(request)) return 'pass';
    isLost = true;
    return (async () => {
      const real = await forward();
      real.resume().on('end', () => request.socket.resetAndDestroy());
    })();
  };
}

/** A server that does not know conditions, and says so. */
const refuseConditions =
  (status: number): Intercept =>
  (request, answer) => {
    const condition = request.headers['if-none-match'] ?? request.headers['if-match'];
    if (isPut(request) || isJoin(request)) asked.push(`${request.method} ${condition}`);
    if (condition === undefined || request.method === 'GET') return 'pass';
    request.resume().on('end', () => {
      answer.writeHead(status, { 'content-type': 'application/xml' });
      answer.end('<?xml version="1.0"?><Error><Code>NotImplemented</Code><Message>no</Message></Error>');
    });
    return undefined;
  };

describe('an answer that got lost', () => {
  test.each([
    ['an object of one request', MIB, isPut],
    ['an object of several parts', LARGE, isJoin],
  ])('%s is ours, though the second try finds it taken', async (_, size, which) => {
    proxy.intercept = loseFirst(which);
    const { claim, got } = claimOf(`${key}-2`);
    await write(size, 1, { claim });
    expect(got).toEqual([key]);
    expect(await listKeys(destination, `${host}/`)).toEqual([key]);
    expect(await digestOf(destination, key)).toBe(await digest(makeBytes(size, 1)));
    expect(await leftoversOf(labConfig(), host)).toEqual([]);
  });

  test('a status that was replaced is ours, though the second try finds another version', async () => {
    await store(destination, key, 10, 1);
    let version = '';
    await digest(destination.read(key, { onVersion: (read) => (version = read) }) as AsyncIterable<Buffer>);
    proxy.intercept = loseFirst(isPut);
    await write(20, 2, { replaces: version });
    expect(await digestOf(destination, key)).toBe(await digest(makeBytes(20, 2)));
  });
});

describe.each([501, 400])('a server that answers %i to conditions', (status) => {
  test.each([
    ['small', MIB],
    ['large', LARGE],
  ])('is looked at instead, for a %s object', async (_, size) => {
    proxy.intercept = refuseConditions(status);
    const { claim, got } = claimOf(`${key}-2`);
    await write(size, 1, { claim });
    await write(size, 2, { claim });
    expect(got).toEqual([key, `${key}-2`]);
    expect(await digestOf(destination, key)).toBe(await digest(makeBytes(size, 1)));
    expect(await digestOf(destination, `${key}-2`)).toBe(await digest(makeBytes(size, 2)));
    expect(asked).toContain(size === MIB ? 'PUT *' : 'POST *');
    expect(await leftoversOf(labConfig(), host)).toEqual([]);
  });
});

describe('an upload that goes on for hours', () => {
  /** An upload that has begun, and waits for its last bytes. */
  async function begin(claim: Claim) {
    const sink = destination.write(key, { claim, expected });
    const closed = untilClosed(sink);
    for (const chunk of makeBytes(LARGE, 1)) await writeChunk(sink, chunk);
    while ((await leftoversOf(labConfig(), host)).every((left) => left.includes('/.partial/')))
      await sleep(20);
    return {
      async end() {
        sink.end();
        await closed;
        return sink.errored;
      },
    };
  }

  test.each([
    ['small', MIB],
    ['large', LARGE],
  ])('keeps its key from a %s object, which gets the next one', async (_, size) => {
    const { claim, got } = claimOf(`${key}-2`);
    const upload = await begin(claim);
    const other = claimOf(`${key}-2`, `${key}-3`);
    await write(size, 2, { claim: other.claim });
    expect(other.got).toEqual([`${key}-2`]);
    expect(await upload.end()).toBeNull();
    expect(got).toEqual([key]);
    expect(await listKeys(destination, `${host}/`)).toEqual([key, `${key}-2`]);
    expect(await digestOf(destination, key)).toBe(await digest(makeBytes(LARGE, 1)));
    expect(await digestOf(destination, `${key}-2`)).toBe(await digest(makeBytes(size, 2)));
    expect(await leftoversOf(labConfig(), host)).toEqual([]);
  });

  test('replaces nothing that another tool has put under its key meanwhile, though this server would', async () => {
    const upload = await begin(claimOf(`${key}-2`).claim);
    const client = observe(labConfig());
    const { bucket } = labConfig();
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'of another tool' }));
    client.destroy();
    expect(await upload.end()).toBeInstanceOf(ConflictError);
    expect(await digestOf(destination, key)).toBe(await digest([Buffer.from('of another tool')]));
    expect(await leftoversOf(labConfig(), host)).toEqual([]);
  });

  test('does not get a key that another one has marked, and leaves no marker of its own there', async () => {
    const client = observe(labConfig());
    const { bucket } = labConfig();
    const marker = markerFor(key, newPartialName());
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: marker, Body: Buffer.alloc(0) }));
    const { claim, got } = claimOf(`${key}-2`);
    expect(await (await begin(claim)).end()).toBeNull();
    expect(got).toEqual([`${key}-2`]);
    expect(await leftoversOf(labConfig(), host)).toEqual([marker]);
    client.destroy();
  });

  test('an object of one request that came just before its marker gives way, and its key is free', async () => {
    const client = observe(labConfig());
    const { bucket } = labConfig();
    const marker = markerFor(key, newPartialName());
    // The marker appears while the object is on its way.
    proxy.intercept = (request, answer, forward) => {
      if (!isPut(request) || request.url?.includes('copy-2')) return 'pass';
      return (async () => {
        await client.send(new PutObjectCommand({ Bucket: bucket, Key: marker, Body: Buffer.alloc(0) }));
        const real = await forward();
        answer.writeHead(real.statusCode ?? 502, real.headers);
        real.pipe(answer);
      })();
    };
    const { claim, got } = claimOf(`${key}-2`);
    await write(MIB, 1, { claim });
    expect(got).toEqual([`${key}-2`]);
    expect(await listKeys(destination, `${host}/`)).toEqual([`${key}-2`]);
    client.destroy();
  });
});

test('the condition for a status has the bare ETag, as this server refuses the right one in quotes', async () => {
  await store(destination, key, 10, 1);
  let version = '';
  await digest(destination.read(key, { onVersion: (read) => (version = read) }) as AsyncIterable<Buffer>);
  expect(version).toMatch(/^[0-9a-f]{32}$/);
  const conditions: unknown[] = [];
  proxy.intercept = (request) => {
    if (isPut(request)) conditions.push(request.headers['if-match']);
    return 'pass';
  };
  await write(20, 2, { replaces: version });
  expect(conditions).toEqual([version]);
  expect(await failureOf(write(30, 3, { replaces: version }))).toBeInstanceOf(ConflictError);
  expect(await digestOf(destination, key)).toBe(await digest(makeBytes(20, 2)));
});
