import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Destination, WriteOptions } from '../../src/destinations/destination.ts';
import { openS3 } from '../../src/destinations/s3/driver.ts';
import { markerFor } from '../../src/destinations/s3/marker.ts';
import { ConflictError, describeError } from '../../src/errors.ts';
import { newPartialName } from '../../src/lock/owner.ts';
import { digest, MIB, makeBytes } from '../contract/bytes.ts';
import { failureOf } from '../fixtures/failure.ts';
import { deadOwner } from '../fixtures/owners.ts';
import { IMPATIENT, keepLog } from '../integration/s3-lab.ts';
import { type Answer, type LyingS3, listPage, startLyingS3 } from './lying-s3.ts';

// An S3 server whose answers would cost bytes: those of a copy, or those of somebody else's object.

let server: LyingS3 | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await server?.[Symbol.asyncDispose]();
});

const KEY = 'db1/daily/files/_etc-2026-01-01_00_00_00.tar.gz';
const PATH = `/bucket/${KEY}`;

async function open(
  answer: Answer,
  {
    appendOnly = false,
    concurrency = 4,
  }: { readonly appendOnly?: boolean; readonly concurrency?: number } = {},
): Promise<Destination> {
  server = await startLyingS3(answer);
  const config = { ...server.config, partSize: 5 * MIB, concurrency };
  return openS3(config, keepLog(), IMPATIENT, { appendOnly });
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
}

/** What a server does that takes everything, and notes down what was asked; `special` comes first, and says whether it has answered. */
function takeAll(
  asked: string[],
  special: (what: string, response: ServerResponse, request: IncomingMessage) => boolean,
): Answer {
  let isGone = false;
  return (url, response, request) => {
    const parameter = ['uploads', 'partNumber', 'uploadId', 'list-type'].find((name) =>
      url.searchParams.has(name),
    );
    const what = `${request.method} ${url.pathname}${parameter ? `?${parameter}` : ''}`;
    asked.push(what);
    request.on('end', () => {
      if (special(what, response, request)) return;
      if (parameter === 'list-type') response.end(listPage([]));
      else if (parameter === 'uploads') {
        response.end('<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>');
      } else if (parameter === 'uploadId' && request.method === 'DELETE') {
        isGone = true;
        response.writeHead(204).end();
      } else if (what === `POST ${url.pathname}?uploadId`) {
        response.end('<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>');
      } else if (parameter === 'uploadId' && isGone) refuse(response, 404, 'NoSuchUpload');
      else if (request.method === 'HEAD' && url.pathname !== '/bucket/' && url.pathname !== '/bucket')
        response.writeHead(404).end();
      else response.writeHead(200, { etag: '"e"' }).end();
    });
  };
}

const write = (destination: Destination, size: number, options: WriteOptions = {}): Promise<void> =>
  pipeline(Readable.from(makeBytes(size, 1), { objectMode: false }), destination.write(KEY, options));

const claim = { next: () => undefined, claimed: () => {} };

it('an object that another tool has put under the key of an upload in the last moment is not removed', async () => {
  const asked: string[] = [];
  let isThere = false;
  await using destination = await open(
    takeAll(asked, (what, response) => {
      if (what === `POST ${PATH}?uploadId`) {
        isThere = true;
        refuse(response, 412, 'PreconditionFailed');
      } else if (what === `HEAD ${PATH}` && isThere) {
        response.writeHead(200, { 'content-length': 15, etag: '"of another tool"' }).end();
      } else return false;
      return true;
    }),
  );
  expect(await failureOf(write(destination, 6 * MIB, { claim }))).toBeInstanceOf(ConflictError);
  expect(asked).toContain(`DELETE ${PATH}?uploadId`);
  expect(asked).not.toContain(`DELETE ${PATH}`);
});

it('a part that is refused early is sent again whole, though blocks of memory are used again meanwhile', async () => {
  const size = 60 * MIB;
  const sent = Buffer.concat(await Readable.from(makeBytes(size, 1)).toArray());
  const [tries, stored] = [new Map<string, number>(), new Map<string, Buffer>()];
  await using destination = await open((url, response, request) => {
    const part = url.searchParams.get('partNumber');
    if (part !== null) {
      const count = (tries.get(part) ?? 0) + 1;
      tries.set(part, count);
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      // The answer comes before the body, which goes on slowly.
      if (count === 1) {
        refuse(response, 503, 'SlowDown');
        request.on('data', () => request.pause() && setTimeout(() => request.resume(), 5));
      } else {
        request.on('end', () => {
          stored.set(part, Buffer.concat(pieces));
          response.writeHead(200, { etag: '"e"' }).end();
        });
      }
      return;
    }
    takeAll([], (what, answer) => {
      if (what !== `HEAD ${PATH}` || stored.size === 0) return false;
      answer.writeHead(200, { 'content-length': size, etag: '"e"' }).end();
      return true;
    })(url, response, request);
  });
  await write(destination, size);
  const parts = Array.from({ length: 12 }, (_, index) => index);
  const wholeOf = (index: number): boolean | undefined =>
    stored.get(`${index + 1}`)?.equals(sent.subarray(index * 5 * MIB, (index + 1) * 5 * MIB));
  expect(parts.map(wholeOf)).toEqual(parts.map(() => true));
});

it('many parts at once are nothing that Node.js warns of on stderr', async () => {
  const warned: unknown[] = [];
  const note = (warning: unknown): number => warned.push(warning);
  process.on('warning', note);
  const size = 60 * MIB;
  const waiting: (() => void)[] = [];
  await using destination = await open(
    takeAll([], (what, response) => {
      if (what === `HEAD ${PATH}` && waiting.length > 0) {
        response.writeHead(200, { 'content-length': size, etag: '"e"' }).end();
      } else if (what.endsWith('?partNumber')) {
        waiting.push(() => response.writeHead(200, { etag: '"e"' }).end());
        if (waiting.length === size / (5 * MIB)) for (const answer of waiting) answer();
      } else return false;
      return true;
    }),
    { concurrency: 20 },
  );
  await write(destination, size);
  process.off('warning', note);
  expect(warned).toEqual([]);
});

it('a reading that goes on does not join the bytes of two objects, though the server ignores If-Match', async () => {
  await using destination = await open((_url, response, request) => {
    if (request.headers.range === undefined) {
      response.writeHead(200, { etag: '"first"', 'content-length': 10 });
      response.write('first', () => setTimeout(() => response.destroy(), 50));
    } else {
      response.writeHead(206, { etag: '"other"', 'content-length': 5, 'content-range': 'bytes 5-9/10' });
      response.end('other');
    }
  });
  const error = await failureOf(digest(destination.read(KEY) as AsyncIterable<Buffer>));
  expect(describeError(error)).toContain('the object was replaced while it was being read');
});

describe('lib-storage of another version, here a mock,', () => {
  type Inside = {
    params: { Body: Readable; Bucket: string; Key: string };
    client: { send(c: unknown): Promise<unknown> };
  };
  const inside = Upload.prototype as unknown as {
    __doMultipartUpload(this: Inside): Promise<unknown>;
    __validateUploadPart(): void;
  };

  it('that cuts the body itself stores no empty object in place of the copy', async () => {
    vi.spyOn(inside, '__doMultipartUpload').mockImplementation(async function (this: Inside) {
      const { Body, Bucket, Key } = this.params;
      const whole = Buffer.concat(await Body.toArray());
      return await this.client.send(new PutObjectCommand({ Bucket, Key, Body: whole }));
    });
    const asked: string[] = [];
    await using destination = await open(takeAll(asked, () => false));
    const error = await failureOf(write(destination, MIB));
    expect(describeError(error)).toContain('this version of @aws-sdk/lib-storage');
    expect(asked).not.toContain(`PUT ${PATH}`);
  });

  it('that fails beside a request ends the write at once, and not with the last byte', async () => {
    vi.spyOn(inside, '__validateUploadPart').mockImplementation(() => {
      throw new Error('not this part');
    });
    await using destination = await open(takeAll([], () => false));
    const error = await failureOf(write(destination, 60 * MIB));
    expect(describeError(error)).toContain('not this part');
  });
});

describe('credentials that may not delete', () => {
  const other = markerFor(KEY, newPartialName());
  /** Another run has marked the first key, and what one of several parts becomes has `size` bytes. */
  const answer = (asked: string[], size: number): Answer =>
    takeAll(asked, (what, response, request) => {
      if (what.startsWith('DELETE') && !what.endsWith('?uploadId')) refuse(response, 403, 'AccessDenied');
      else if (what.endsWith('?list-type')) response.end(listPage([other]));
      else if (what.startsWith('HEAD') && asked.includes(`POST ${request.url?.split('?')[0]}?uploadId`)) {
        response.writeHead(200, { 'content-length': size, etag: '"e"' }).end();
      } else return false;
      return true;
    });
  const claimed = async (size: number): Promise<string[]> => {
    const [left, got]: [string[], string[]] = [[`${KEY}-2`], []];
    const from = { next: () => left.shift(), claimed: (key: string) => got.push(key) };
    await using destination = await open(answer([], size), { appendOnly: true });
    await write(destination, size, { claim: from });
    return got;
  };

  it('give way to the marker of another run with an upload, whose own marker stays', async () => {
    expect(await claimed(6 * MIB)).toEqual([`${KEY}-2`]);
  });

  it('keep the key of an object that is there and cannot give way', async () => {
    expect(await claimed(MIB)).toEqual([KEY]);
  });

  it('do not hide that a copy has another size on the server than was sent', async () => {
    await using destination = await open(answer([], 5), { appendOnly: true });
    const error = await failureOf(write(destination, 6 * MIB));
    expect(describeError(error)).toMatch(
      /has 5 bytes on the server, 6291456 were sent; it could not be deleted/,
    );
  });

  it.each([
    [true, []],
    [false, ['s3api delete-object']],
  ])(
    '(%s) have no marker among what is left half-written, as each upload in parts leaves one',
    async (appendOnly, commands) => {
      const marker = markerFor(KEY, deadOwner());
      const uploads =
        '<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>';
      await using destination = await open(
        (url, response) => {
          response.end(url.searchParams.has('list-type') ? listPage([marker]) : uploads);
        },
        { appendOnly },
      );
      const found = await destination.leftovers('db1');
      expect(found.map(({ command }) => /s3api \S+/.exec(command ?? '')?.[0])).toEqual(commands);
    },
  );
});
