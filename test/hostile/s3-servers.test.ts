import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { S3Config } from '../../src/config/config.ts';
import { openS3 } from '../../src/destinations/s3/driver.ts';
import { describeError, StorageError } from '../../src/errors.ts';
import { FILES_STATUS } from '../../src/kinds/files.ts';
import { encodeEnvelope } from '../../src/status/envelope.ts';
import { withEntry } from '../../src/status/layout.ts';
import { openStatusStore } from '../../src/status/status-store.ts';
import { IMPATIENT, keepLog } from '../integration/s3-lab.ts';
import { type Answer, type LyingS3, listPage, sendBytes, startLyingS3 } from './lying-s3.ts';

// An S3 server that does not come to an end, or whose answers are made to fill the memory of who asks.

let server: LyingS3 | undefined;
afterEach(async () => await server?.[Symbol.asyncDispose]());

const log = keepLog();
async function open(answer: Answer, change: Partial<S3Config> = {}) {
  server = await startLyingS3(answer);
  return openS3({ ...server.config, ...change }, log, IMPATIENT);
}

const KEY = 'db1/daily/files/_etc-2026-01-01_00_00_00.tar.gz';
const keysBelow = async (destination: Awaited<ReturnType<typeof open>>, prefix: string) => {
  const keys: string[] = [];
  for await (const { key } of destination.list(prefix)) keys.push(key);
  return keys;
};
const failureOf = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StorageError);
  return describeError(error);
};
const REPEATS =
  'Cannot list s3://bucket/db1/: the listing does not end, the server repeats a page\n' +
  'The server is at fault: update or repair it, or use another destination. Nothing was changed.';

describe('a listing', () => {
  it.each<[string, (page: number) => string]>([
    ['with the same token for ever', () => 'again'],
    ['with another token each time', (page) => `token${page}`],
    ['with two tokens by turns', (page) => `token${page % 2}`],
  ])('of the same page, %s, ends with an error', async (_what, token) => {
    let page = 0;
    const destination = await open((_url, response) => response.end(listPage([KEY], token(page++))));
    expect(await failureOf(keysBelow(destination, 'db1/'))).toBe(REPEATS);
    expect(page).toBeLessThan(10);
  });

  it('that breaks off is an error: copies would count as missing', async () => {
    const destination = await open((_url, response) => response.end(listPage([KEY], '')));
    expect(await failureOf(keysBelow(destination, 'db1/'))).toContain('does not say how to get them');
  });

  it('has only what was asked for, and what can be a key', async () => {
    const names = [KEY, 'db2/daily/files/other', 'db1/../x', 'db1/a%00b', 'db1//x', '/etc/passwd', ''];
    const destination = await open((_url, response) => response.end(listPage(names)));
    expect(await keysBelow(destination, 'db1/')).toEqual([KEY]);
  });

  it('that cannot be decoded is an error', async () => {
    const destination = await open((_url, response) => response.end(listPage(['db1/%E0%A4%A'])));
    expect(await failureOf(keysBelow(destination, 'db1/'))).toContain('Cannot list s3://bucket/db1/');
  });
});

describe('an answer without an end', () => {
  const endless = (sent: (bytes: number) => void): Answer => {
    return (_url, response) => {
      response.write('<?xml version="1.0"?><ListBucketResult>');
      sendBytes(response, 700 << 20, sent);
    };
  };

  it.each([
    ['a listing', 200, 'Cannot list s3://bucket/db1/'],
    ['an error', 403, 'Cannot list s3://bucket/db1/'],
  ])('instead of %s is an error, and hardly read', async (_what, status, says) => {
    let bytes = 0;
    const send = endless((more) => {
      bytes += more;
    });
    const destination = await open((url, response, request) => {
      response.statusCode = status;
      send(url, response, request);
    });
    const message = await failureOf(keysBelow(destination, 'db1/'));
    expect(message).toContain(`${says}: the answer has more than 16.0 MiB\nThe server is at fault`);
    expect(bytes).toBeLessThan(64 << 20);
  });

  it('instead of an object that is missing is an error as well', async () => {
    const destination = await open((url, response, request) => {
      response.statusCode = 404;
      endless(() => undefined)(url, response, request);
    });
    const reading = destination.read(KEY).resume();
    const error = await new Promise<Error>((resolve) => {
      reading.once('error', resolve);
    });
    expect(error).toBeInstanceOf(StorageError);
  });
});

it('a server that names no ETag of a part is at fault, not the network; nothing of the upload is left', async () => {
  const asked: string[] = [];
  const answer: Answer = ({ searchParams }, response, { method = '' }) => {
    asked.push(
      [method, ...['uploads', 'partNumber', 'uploadId'].filter((name) => searchParams.has(name))].join(' '),
    );
    // The upload's parts are asked for after it was aborted.
    response.statusCode = method === 'GET' ? 404 : 200;
    response.end(method === 'POST' ? '<Result><UploadId>1</UploadId></Result>' : '');
  };
  const destination = await open(answer, { partSize: 5 << 20, concurrency: 1 });
  const copy = Array.from({ length: 16 }, () => Buffer.alloc(1 << 20));
  expect(await failureOf(pipeline(copy, destination.write(KEY)))).toBe(
    `Cannot write s3://bucket/${KEY}: the server took a part without naming its ETag`,
  );
  expect(asked).toEqual([
    'PUT',
    'POST uploads',
    'PUT partNumber uploadId',
    'DELETE uploadId',
    'GET uploadId',
    'DELETE',
  ]);
});

it('a status of 700 MB is damaged, its second copy is used, and hardly more than the limit is read', async () => {
  const status = withEntry(FILES_STATUS.empty, 'daily', KEY, { size: 1 });
  let bytes = 0;
  const sendObject = (response: ServerResponse, size: number, send: () => void): void => {
    response.setHeader('content-length', size);
    response.setHeader('etag', '"x"');
    send();
  };
  const destination = await open((url, response) => {
    const second = encodeEnvelope(status);
    if (url.pathname.endsWith('.copy')) sendObject(response, second.length, () => response.end(second));
    else {
      sendObject(response, 700 << 20, () =>
        sendBytes(response, 700 << 20, (more) => {
          bytes += more;
        }),
      );
    }
  });
  const { signal } = new AbortController();
  const store = openStatusStore(destination, 'db1', FILES_STATUS, { log, signal });
  expect((await store.read()).status).toEqual(status);
  expect(log.lines.at(-1)).toBe(
    's3://bucket/db1/files-status is damaged: it has more than 64.0 MiB; its second copy is used',
  );
  expect(bytes).toBeLessThan(128 << 20);
});

it('an error that forges lines of ours and steers the terminal is one line of a message', async () => {
  const evil = 'no&#10;ERROR: Nothing was backed up&#13;&#x85;&#x2028;';
  const destination = await open((_url, response) => {
    response.statusCode = 418;
    response.end(
      `<?xml version="1.0"?><Error><Code>Tea&#10;WARNING: forged</Code><Message>${evil}</Message></Error>`,
    );
  });
  const message = await failureOf(keysBelow(destination, 'db1/'));
  expect(message.split(/[\n\r\u0085\u2028]/)).toHaveLength(1);
  expect(message).toMatch(/^Cannot list s3:\/\/bucket\/db1\/: Tea\\nWARNING: forged: no\\nERROR: Nothing/);
});
