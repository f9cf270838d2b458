import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { CompleteMultipartUploadCommand, ListPartsCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Secret } from '../../src/config/secret.ts';
import type { Destination } from '../../src/destinations/destination.ts';
import { DEFAULT_TUNING } from '../../src/destinations/s3/client.ts';
import { openS3 } from '../../src/destinations/s3/driver.ts';
import { describeError, ObjectNotFoundError, StorageError } from '../../src/errors.ts';
import { digest, digestOf, listKeys, MIB, makeBytes, store, untilClosed } from '../contract/bytes.ts';
import { failureOf } from '../fixtures/failure.ts';
import { IMPATIENT, keepLog, labConfig, leftoversOf, observe, quotaConfig } from './s3-lab.ts';
import { type Intercept, type Proxy, startProxy } from './s3-proxy.ts';

const SIZE = 40 * MIB;
let hosts = 0;
let host: string;
let key: string;
let proxy: Proxy;
const open: Destination[] = [];

const opened = (destination: Destination): Destination => {
  open.push(destination);
  return destination;
};
const throughProxy = (tuning = DEFAULT_TUNING): Destination =>
  opened(openS3(labConfig({ endpointUrl: proxy.endpoint }), keepLog(), tuning));
const direct = (): Destination => opened(openS3(labConfig(), keepLog()));

beforeEach(async () => {
  host = `s3-faults-${process.pid}-${Date.now()}-${hosts++}`;
  key = `${host}/daily/files/copy`;
  proxy = await startProxy(labConfig().endpointUrl ?? '');
});

afterEach(async () => {
  await proxy.kill();
  for (const destination of open.splice(0)) await destination[Symbol.asyncDispose]();
});

const isPart = ({ method, url }: IncomingMessage): boolean =>
  method === 'PUT' && (url?.includes('partNumber=') ?? false);
const isComplete = ({ method, url }: IncomingMessage): boolean =>
  method === 'POST' && (url?.includes('uploadId=') ?? false);
const isGet = ({ method, url }: IncomingMessage): boolean =>
  method === 'GET' && (url?.includes('copy') ?? false);

/** Spoils the first `times` requests of a kind. */
function spoil(times: number, which: (asked: IncomingMessage) => boolean, how: Intercept): Intercept {
  let left = times;
  return (asked, answer, forward) => {
    if (!which(asked) || left-- <= 0) return 'pass';
    return how(asked, answer, forward);
  };
}

const answerWith =
  (status: number, code: string): Intercept =>
  (asked, answer) => {
    asked.resume().on('end', () => {
      answer.writeHead(status, { 'content-type': 'application/xml' });
      answer.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>spoilt</Message></Error>`);
    });
  };
const reset: Intercept = (asked) => {
  asked.socket.resetAndDestroy();
};
const hang: Intercept = (asked) => {
  asked.resume();
};
/** Lets the server do its work, and loses its answer. */
const loseAnswer: Intercept = async (asked, _answer, forward) => {
  const real = await forward();
  real.resume().on('end', () => asked.socket.resetAndDestroy());
};

/** Joins the parts that are on the server, as it does when the request to do so has reached it. */
async function joinUpload(id: string): Promise<void> {
  const client = observe(labConfig());
  const which = { Bucket: labConfig().bucket, Key: key, UploadId: id };
  try {
    const { Parts = [] } = await client.send(new ListPartsCommand(which));
    await client.send(
      new CompleteMultipartUploadCommand({
        ...which,
        MultipartUpload: { Parts: Parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag })) },
      }),
    );
  } finally {
    client.destroy();
  }
}

async function expectStored(size: number): Promise<void> {
  expect(await digestOf(direct(), key)).toBe(await digest(makeBytes(size, 1)));
  expect(await leftoversOf(labConfig(), host)).toEqual([]);
}

describe('passing trouble does not cost the copy', () => {
  const troubles: Record<string, Intercept> = {
    'some 503 to parts': spoil(3, isPart, answerWith(503, 'SlowDown')),
    'some 500 to parts': spoil(3, isPart, answerWith(500, 'InternalError')),
    'resets of parts': spoil(3, isPart, reset),
    'an answer to a part that is lost': spoil(1, isPart, loseAnswer),
    'an answer 200 to the completion that holds an error': spoil(
      1,
      isComplete,
      answerWith(200, 'InternalError'),
    ),
    'an answer to the completion that is lost': spoil(1, isComplete, loseAnswer),
    'a lost answer to the completion and then "no such upload"': ((): Intercept => {
      let seen = 0;
      return (asked, answer, forward) => {
        if (!isComplete(asked)) return 'pass';
        return seen++ === 0
          ? loseAnswer(asked, answer, forward)
          : answerWith(404, 'NoSuchUpload')(asked, answer, forward);
      };
    })(),
    'trouble with the very first requests': spoil(4, () => true, reset),
  };
  test.each(Object.entries(troubles))('%s', async (_, intercept) => {
    proxy.intercept = intercept;
    await store(throughProxy(), key, SIZE, 1);
    await expectStored(SIZE);
  });

  test('a part that nobody answers is sent again', async () => {
    proxy.intercept = spoil(1, isPart, hang);
    await store(throughProxy({ ...DEFAULT_TUNING, idleMs: 1000 }), key, SIZE, 1);
    await expectStored(SIZE);
  });
});

test('a server that is slow with every answer is not given up early: the last attempt has the rest of five minutes', async () => {
  let asked = 0;
  proxy.intercept = spoil(1e9, isPart, async (_request, answer, forward) => {
    asked++;
    const real = await forward();
    await sleep(1500);
    answer.writeHead(real.statusCode ?? 502, real.headers);
    real.pipe(answer);
  });
  await store(throughProxy({ ...DEFAULT_TUNING, idleMs: 500, lastIdleMs: 10_000 }), key, SIZE, 1);
  await expectStored(SIZE);
  expect(asked).toBe(6);
  expect(2 * DEFAULT_TUNING.idleMs + DEFAULT_TUNING.lastIdleMs).toBe(5 * 60_000);
});

test('a completion has more time than other requests, on one connection', async () => {
  let asked = 0;
  const late: Intercept = async (_request, answer, forward) => {
    asked++;
    const answerLate = async (): Promise<void> => {
      await sleep(3000);
      const real = await forward();
      answer.writeHead(real.statusCode ?? 502, real.headers);
      real.pipe(answer);
    };
    return answerLate();
  };
  proxy.intercept = spoil(1e9, isComplete, late);
  await store(throughProxy({ ...IMPATIENT, joinMs: 8000 }), key, SIZE, 1);
  await expectStored(SIZE);
  expect(asked).toBe(1);
  expect(DEFAULT_TUNING.joinMs).toBe(30 * 60_000);
});

describe('lasting trouble is an error in bounded time, and leaves nothing', () => {
  const troubles: Record<string, Intercept> = {
    'parts are refused': spoil(1e9, isPart, answerWith(503, 'SlowDown')),
    'parts are cut': spoil(1e9, isPart, reset),
    'parts are never answered': spoil(1e9, isPart, hang),
    'the completion is refused': spoil(1e9, isComplete, answerWith(500, 'InternalError')),
    'the completion says 200 and fails every time': spoil(1e9, isComplete, answerWith(200, 'InternalError')),
    'the completion is never answered': spoil(1e9, isComplete, hang),
    'the completion is lost and never happened': spoil(1e9, isComplete, answerWith(404, 'NoSuchUpload')),
  };
  test.each(Object.entries(troubles))('%s', { timeout: 30_000 }, async (_, intercept) => {
    proxy.intercept = intercept;
    const sink = throughProxy(IMPATIENT).write(key);
    const closed = untilClosed(sink);
    const error = await failureOf(pipeline(Readable.from(makeBytes(SIZE, 1)), sink));
    await closed;
    expect(error).toBeInstanceOf(StorageError);
    expect(describeError(error)).toContain(`s3://lab/${key}`);
    expect(await leftoversOf(labConfig(), host)).toEqual([]);
    expect(await listKeys(direct(), `${host}/`)).toEqual([]);
  });

  test('an object that became visible while its stream was destroyed is taken back', async () => {
    const sink = throughProxy().write(key);
    const closed = untilClosed(sink);
    proxy.intercept = spoil(1, isComplete, async (asked, answer, forward) => {
      const real = await forward();
      sink.destroy(new Error('stop'));
      await loseAnswer(asked, answer, () => Promise.resolve(real));
    });
    await failureOf(pipeline(Readable.from(makeBytes(SIZE, 1)), sink));
    await closed;
    expect(await listKeys(direct(), `${host}/`)).toEqual([]);
    expect(await leftoversOf(labConfig(), host)).toEqual([]);
  });

  test('an object that a server joins after its upload was given up is not left behind', async () => {
    const sink = throughProxy({ ...IMPATIENT, joinMs: 60_000 }).write(key);
    const closed = untilClosed(sink);
    let join: (() => Promise<void>) | undefined;
    proxy.intercept = (asked, answer, forward) => {
      if (isComplete(asked)) {
        const id = new URL(asked.url ?? '', proxy.endpoint).searchParams.get('uploadId') ?? '';
        join = () => joinUpload(id);
        sink.destroy(new Error('stop'));
        return hang(asked, answer, forward);
      }
      if (asked.method !== 'HEAD' || !join) return 'pass';
      const joining = join;
      const joinBehindItsBack = async (): Promise<void> => {
        const real = await forward();
        await joining().catch(() => undefined);
        answer.writeHead(real.statusCode ?? 502, real.headers);
        real.pipe(answer);
      };
      return joinBehindItsBack();
    };
    await failureOf(pipeline(Readable.from(makeBytes(SIZE, 1)), sink));
    await closed;
    expect(join).toBeDefined();
    expect(await listKeys(direct(), `${host}/`)).toEqual([]);
    expect(await leftoversOf(labConfig(), host)).toEqual([]);
  });

  test('an upload whose beginning is answered only after its stream was destroyed is aborted', async () => {
    const sink = throughProxy().write(key);
    const closed = untilClosed(sink);
    proxy.intercept = spoil(
      1,
      ({ method }) => method === 'POST',
      async (_asked, answer, forward) => {
        const real = await forward();
        sink.destroy(new Error('stop'));
        await sleep(500);
        answer.writeHead(real.statusCode ?? 502, real.headers);
        real.pipe(answer);
      },
    );
    await failureOf(pipeline(Readable.from(makeBytes(SIZE, 1)), sink));
    await closed;
    expect(await leftoversOf(labConfig(), host)).toEqual([]);
  });

  test('an abort that does not get through is told, and the next sweep does it', async () => {
    const log = keepLog();
    const destination = opened(openS3(labConfig({ endpointUrl: proxy.endpoint }), log, IMPATIENT));
    proxy.intercept = (asked, answer, forward) =>
      asked.method === 'DELETE' || isPart(asked) ? reset(asked, answer, forward) : 'pass';
    const sink = destination.write(key);
    const closed = untilClosed(sink);
    await failureOf(pipeline(Readable.from(makeBytes(SIZE, 1)), sink));
    await closed;
    expect(log.lines.join('\n')).toMatch(/Cannot clean up.*copy[\s\S]*next run/);
    expect(await leftoversOf(labConfig(), host)).toEqual([key]);
  });
});

/** Cuts the answer after so many bytes. */
const cutAfter =
  (limit: number): Intercept =>
  async (_asked, answer, forward) => {
    const real = await forward();
    answer.writeHead(real.statusCode ?? 502, real.headers);
    let sent = 0;
    for await (const chunk of real as AsyncIterable<Buffer>) {
      answer.write(chunk);
      sent += chunk.length;
      if (sent > limit) break;
    }
    answer.destroy();
  };

describe('reading goes on where a connection broke', () => {
  test('after several breaks every byte is there, once', async () => {
    await store(direct(), key, SIZE, 1);
    proxy.intercept = spoil(4, isGet, cutAfter(5 * MIB));
    expect(await digestOf(throughProxy(), key)).toBe(await digest(makeBytes(SIZE, 1)));
  });

  test('breaks for ever without a byte in between are an error', async () => {
    await store(direct(), key, SIZE, 1);
    proxy.intercept = spoil(1e9, isGet, cutAfter(-1));
    const error = await failureOf(digestOf(throughProxy(IMPATIENT), key));
    expect(error).toBeInstanceOf(StorageError);
    expect(error).not.toBeInstanceOf(ObjectNotFoundError);
  });

  /** Answers with the first bytes, or none where an earlier answer is gone on with, and then with nothing for so long. */
  const stallFor =
    (ms: number): Intercept =>
    async (asked, answer, forward) => {
      const real = await forward();
      answer.writeHead(real.statusCode ?? 502, real.headers);
      answer.flushHeaders();
      if (!asked.headers.range)
        answer.write(await new Promise<Buffer>((resolve) => real.once('data', resolve)));
      await sleep(ms);
      if (asked.headers.range) real.pipe(answer);
    };

  test('a server that falls silent in its answer is given up when five minutes have passed, after one long attempt', async () => {
    await store(direct(), key, SIZE, 1);
    let asked = 0;
    proxy.intercept = (request, answer, forward) => {
      if (!isGet(request)) return 'pass';
      asked++;
      return stallFor(20_000)(request, answer, forward);
    };
    const patience = { ...DEFAULT_TUNING, idleMs: 300, lastIdleMs: 3000 };
    expect(describeError(await failureOf(digestOf(throughProxy(patience), key)))).toMatch(
      /^Cannot read s3:.*no answer from 127/,
    );
    expect(asked).toBe(3);
  });

  test('a server that is slow with every answer is waited for', async () => {
    await store(direct(), key, SIZE, 1);
    proxy.intercept = (request, answer, forward) =>
      isGet(request) ? stallFor(1500)(request, answer, forward) : 'pass';
    const patience = { ...DEFAULT_TUNING, idleMs: 300, lastIdleMs: 15_000 };
    expect(await digestOf(throughProxy(patience), key)).toBe(await digest(makeBytes(SIZE, 1)));
  });

  test('an object that was replaced meanwhile is an error, never a mix', async () => {
    await store(direct(), key, SIZE, 1);
    proxy.intercept = spoil(1, isGet, async (_asked, answer, forward) => {
      const real = await forward();
      answer.writeHead(real.statusCode ?? 502, real.headers);
      real.once('data', (chunk) => answer.write(chunk));
      await store(direct(), key, SIZE, 2);
      answer.destroy();
    });
    expect(describeError(await failureOf(digestOf(throughProxy(), key)))).toMatch(
      /replaced while it was being read/,
    );
  });

  test('a server that ignores where to go on is an error, not a repetition', async () => {
    await store(direct(), key, SIZE, 1);
    let seen = 0;
    proxy.intercept = (asked, answer, forward) => {
      if (!isGet(asked)) return 'pass';
      if (seen++ === 0) return cutAfter(5 * MIB)(asked, answer, forward);
      answer.writeHead(200, { 'content-length': SIZE, etag: asked.headers['if-match'] ?? '' });
      answer.end(Buffer.alloc(SIZE));
      return undefined;
    };
    expect(describeError(await failureOf(digestOf(throughProxy(), key)))).toMatch(/cannot go on/);
  });
});

const tell = async (destination: Destination): Promise<string> =>
  describeError(await failureOf(store(opened(destination), key, 10, 1)));

const id = (): string => labConfig().credentials?.accessKeyId ?? '';

describe('errors tell the operator what to do', () => {
  const log = keepLog();

  test('a bucket that does not exist', async () => {
    const destination = opened(openS3(labConfig({ bucket: 'no-such-bucket' }), log));
    expect(await tell(destination)).toMatch(/bucket no-such-bucket does not exist[\s\S]*\[s3\] BUCKET/);
    const looking = await failureOf(destination.stat(key));
    expect(looking).not.toBeInstanceOf(ObjectNotFoundError);
    expect(describeError(looking)).toMatch(/bucket no-such-bucket does not exist/);
    expect(describeError(await failureOf(digestOf(destination, key)))).toMatch(
      /bucket no-such-bucket does not/,
    );
    expect(describeError(await failureOf(listKeys(destination, host)))).toMatch(
      /bucket no-such-bucket does not/,
    );
    expect(describeError(await failureOf(destination.sweep(host)))).toMatch(/bucket no-such-bucket does not/);
  });

  test.each([
    [
      'a web page',
      'text/html',
      '<!DOCTYPE html>\n<html><head><title>Log in</title></head><body>Hello<br></body></html>',
    ],
    ['an XHTML page', 'text/html', '<?xml version="1.0"?>\n<html><head><title>Log in</title></head></html>'],
    ['a page with nothing in it', 'text/plain', ''],
    ['JSON', 'application/json', '{"status": "ok"}'],
    [
      'XML without a listing',
      'application/xml',
      '<?xml version="1.0"?>\n<ListBucketResult></ListBucketResult>',
    ],
  ])('%s in place of S3 is no empty bucket', async (_what, type, body) => {
    proxy.intercept = (_asked, answer) => {
      answer.writeHead(200, { 'content-type': type }).end(body);
    };
    const error = await failureOf(listKeys(throughProxy(), ''));
    expect(error).toBeInstanceOf(StorageError);
    expect(describeError(error)).toMatch(
      /^Cannot list s3:\/\/[\s\S]*something else than S3 answers at 127[\s\S]*\[s3\] endpoint_url/,
    );
  });

  test('a wrong secret: the key id is named, the secret is not', async () => {
    const credentials = { accessKeyId: id(), secretAccessKey: new Secret('not-the-secret') };
    const destination = opened(openS3(labConfig({ credentials }), log));
    const text = describeError(await failureOf(listKeys(destination, host)));
    expect(text).toMatch(
      new RegExp(`secret does not belong to access key id ${id()}[\\s\\S]*AWS_SECRET_ACCESS_KEY`),
    );
    expect(text).not.toContain('not-the-secret');
  });

  test('an unknown key id', async () => {
    const credentials = { accessKeyId: 'AKIAUNKNOWN', secretAccessKey: new Secret('x') };
    const destination = opened(openS3(labConfig({ credentials }), log));
    expect(describeError(await failureOf(listKeys(destination, host)))).toMatch(
      /does not know access key id AKIAUNKNOWN[\s\S]*AWS_ACCESS_KEY_ID/,
    );
  });

  test("another user's bucket", async () => {
    const destination = opened(openS3(labConfig({ bucket: quotaConfig().bucket }), log));
    expect(await tell(destination)).toMatch(new RegExp(`${id()} is not allowed[\\s\\S]*s3:GetObject`));
    expect(describeError(await failureOf(destination.sweep(host)))).toMatch(
      /not allowed[\s\S]*ListBucketMultipartUploads/,
    );
  });

  test('a full bucket', async () => {
    const destination = opened(openS3(quotaConfig(), log));
    const error = await failureOf(store(destination, key, 20 * MIB, 1));
    expect(describeError(error)).toMatch(/full[\s\S]*quota/i);
  });

  test('nobody listens: the endpoint is named', async () => {
    await proxy.kill();
    const destination = openS3(labConfig({ endpointUrl: proxy.endpoint }), log, IMPATIENT);
    expect(await tell(destination)).toMatch(
      new RegExp(`no answer from ${proxy.endpoint.slice(7)} .*ECONNREFUSED`),
    );
    await proxy.revive();
  });

  test('a bucket in another region', async () => {
    proxy.intercept = (_asked, answer) => {
      answer.writeHead(301, { 'x-amz-bucket-region': 'eu-west-3' });
      answer.end();
    };
    expect(await tell(openS3(labConfig({ endpointUrl: proxy.endpoint }), log))).toMatch(
      /AWS_DEFAULT_REGION = eu-west-3/,
    );
  });

  test.each([
    [411, 'MissingContentLength'],
    [501, 'NotImplemented'],
    [400, 'XAmzContentSHA256Mismatch'],
  ])('an old clone that answers %i %s: the switch is named', async (status, code) => {
    proxy.intercept = spoil(1e9, ({ method }) => method === 'PUT', answerWith(status, code));
    const config = labConfig({ endpointUrl: proxy.endpoint, checksums: 'when_supported' });
    expect(await tell(openS3(config, log))).toMatch(/\[s3\] checksums = when_required/);
  });

  test('no credentials anywhere', async () => {
    const before = { ...process.env };
    Object.assign(process.env, {
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/nonexistent',
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
    });
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE']) delete process.env[name];
    try {
      expect(await tell(openS3(labConfig({ credentials: undefined }), log))).toMatch(
        /no AWS credentials found[\s\S]*AWS_ACCESS_KEY_ID/,
      );
    } finally {
      process.env = before;
    }
  });

  test('credentials of the AWS default chain serve when the file has none', async () => {
    const { credentials } = labConfig();
    const before = { ...process.env };
    process.env['AWS_ACCESS_KEY_ID'] = credentials?.accessKeyId ?? '';
    process.env['AWS_SECRET_ACCESS_KEY'] = credentials?.secretAccessKey.reveal() ?? '';
    try {
      await store(opened(openS3(labConfig({ credentials: undefined }), log)), key, 10, 1);
    } finally {
      process.env = before;
    }
    await expectStored(10);
  });
});
