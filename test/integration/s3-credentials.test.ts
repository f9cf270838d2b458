import { afterEach, beforeEach, expect, it } from 'vitest';
import { openS3 } from '../../src/destinations/s3/driver.ts';
import { describeError } from '../../src/errors.ts';
import { listKeys, store } from '../contract/bytes.ts';
import { failureOf } from '../fixtures/failure.ts';
import { keepLog, labConfig } from './s3-lab.ts';
import { type Proxy, startProxy } from './s3-proxy.ts';

let proxy: Proxy;
const environment = { ...process.env };
beforeEach(async () => {
  proxy = await startProxy(labConfig().endpointUrl ?? '');
});
afterEach(async () => {
  process.env = { ...environment };
  await proxy.kill();
});

const failure = async (work: Promise<unknown>) => describeError(await failureOf(work));

it('a session that has expired is an error that says so, also where the answer has no words', async () => {
  // What Amazon answers; the lab's server knows no sessions.
  proxy.intercept = ({ method }, answer) => {
    answer.writeHead(400, { 'content-type': 'application/xml' });
    const words =
      '<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>';
    answer.end(method === 'HEAD' ? undefined : `<?xml version="1.0"?>${words}`);
  };
  await using s3 = openS3(labConfig({ endpointUrl: proxy.endpoint }), keepLog());
  expect(await failure(listKeys(s3, 'db1/'))).toMatch(/the session of access key id \S+ has expired\nRenew/);
  expect(await failure(s3.stat('db1/daily/files/x'))).toMatch(
    /Cannot look up s3:.*HTTP 400\)\nRenew temporary/,
  );
});

it('a URL that outlives the credentials that sign it is a warning with the time of its end', async () => {
  const { credentials } = labConfig();
  const end = new Date(Date.now() + 600_000);
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: credentials?.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey.reveal(),
    AWS_CREDENTIAL_EXPIRATION: end.toISOString(),
  });
  const log = keepLog();
  await using s3 = openS3(labConfig({ credentials: undefined }), log);
  const key = `s3-credentials-${process.pid}/daily/files/x`;
  await store(s3, key, 10, 1);
  const share = async (seconds: number) => (await fetch((await s3.share?.(key, seconds)) ?? '')).status;
  expect(await share(60)).toBe(200);
  expect(log.lines).toEqual([]);
  expect(await share(3600)).toBe(200);
  expect(log.lines).toEqual([expect.stringContaining(`only until ${end.toISOString()}`)]);
});
