import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MIB } from '../contract/bytes.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { backUpHere } from '../fixtures/run-in-process.ts';
import { useLab } from '../lab/lab.ts';
import { type Proxy, startProxy } from './s3-proxy.ts';

let sandbox: Sandbox;
let proxy: Proxy;
let asked: string[];
/** Prefixes of the listings. */
let listed: string[];

beforeEach(async () => {
  sandbox = createSandbox();
  const { s3 } = useLab();
  asked = [];
  listed = [];
  proxy = await startProxy(s3.endpoint, ({ method, url = '' }) => {
    const { pathname, searchParams } = new URL(url, proxy.endpoint);
    const key = pathname.replace(/^\/[^/]*\//, '');
    const listing = searchParams.has('uploads') ? 'uploads' : 'objects';
    asked.push(`${method} ${key || (method === 'HEAD' ? 'bucket' : listing)}`);
    if (!key && method === 'GET') listed.push(searchParams.get('prefix') ?? '');
    return 'pass';
  });
  const source = join(sandbox.dir, 'source');
  mkdirSync(source);
  writeFileSync(join(source, 'file'), 'content');
  sandbox.configure({
    source: { backup_dirs: source },
    destination: { backup_destination: 's3' },
    s3: {
      AWS_ACCESS_KEY_ID: s3.accessKey,
      AWS_SECRET_ACCESS_KEY: s3.secretKey,
      AWS_DEFAULT_REGION: s3.region,
      BUCKET: s3.bucket,
      endpoint_url: proxy.endpoint,
      checksums: 'when_required',
    },
    retention: { daily_copies: 2 },
    measures: { log: join(sandbox.dir, 'measures.log') },
  });
});

afterEach(async () => {
  await proxy.kill();
  sandbox[Symbol.dispose]();
});

/** What a daily run asks, one after the other; COPY stands for the name of a copy, and OWNER for that of a marker. */
async function askedBy(host: string, day: number): Promise<string[]> {
  asked.length = 0;
  const now = () => new Date(Date.UTC(2026, 0, day));
  expect(await backUpHere(sandbox, 'daily', { host, now })).toEqual({ returned: true, complaints: [] });
  return asked.map((request) =>
    request
      .replace(`${host}/`, '')
      .replace(/daily\/files\/\S+/, 'COPY')
      .replace(/\.partial\/\S+/, 'OWNER'),
  );
}

/** Both copies of a status. */
const READ = ['GET files-status', 'GET files-status.copy'];
/** Behind the status: whether the newest copy that this machine has stored is still there. */
const BEGINNING = [...READ, 'HEAD COPY', 'GET uploads', 'GET objects'];
/** On the condition that they are what was read; then read back. */
const WRITTEN = ['PUT files-status.copy', 'PUT files-status', ...READ];
// The first answer 404 to HEAD: is it the object that is not there, or the bucket? Behind it the markers of other runs.
const STORED = ['HEAD COPY', 'HEAD bucket', 'PUT COPY', 'GET objects'];
/** At the end of a run the status is read back once more. */
const END = READ;

/** Some are asked at once. */
const expectAsked = (asking: readonly string[], expected: readonly string[]) =>
  expect(asking.toSorted()).toEqual(expected.toSorted());

test('a run of one directory takes 15 requests, and 20 when it removes a copy', async () => {
  const host = `s3-requests-${process.pid}-${Date.now()}`;
  // The first looks for what was stored without a status.
  expect(await askedBy(host, 1)).toHaveLength(23);
  expectAsked(await askedBy(host, 2), [...BEGINNING, ...STORED, ...WRITTEN, ...END]);
  const removing = [...BEGINNING, ...STORED, ...WRITTEN, 'DELETE COPY', ...WRITTEN, ...END];
  expectAsked(await askedBy(host, 3), removing);
});

test('a copy of several parts takes one request for each of them, and nine more', async () => {
  const host = `s3-requests-${process.pid}-${Date.now()}`;
  await askedBy(host, 1);
  writeFileSync(join(sandbox.dir, 'source/file'), randomBytes(36 * MIB));
  // The marker claims the key, unless there is an object or the marker of another run.
  const claimed = ['PUT OWNER', 'HEAD COPY', 'GET objects', 'HEAD bucket'];
  const upload = ['POST COPY', 'PUT COPY', 'PUT COPY', 'PUT COPY'];
  const joined = ['HEAD COPY', 'POST COPY', 'HEAD COPY', 'DELETE OWNER'];
  expectAsked(await askedBy(host, 2), [...BEGINNING, ...claimed, ...upload, ...joined, ...WRITTEN, ...END]);
});

test('check of one host reads what that host has, however many other hosts there are', async () => {
  const host = `s3-requests-${process.pid}-${Date.now()}`;
  for (const each of [host, `${host}0`, `${host}-b`]) await askedBy(each, 1);
  asked.length = listed.length = 0;
  expect(await sandbox.run('check', '--hostname', host)).toMatchObject({ exitCode: 0, stderr: '' });
  expect([...new Set(listed)]).toEqual([`${host}/`, `${host}/binlog-stream/`, `${host}/.partial/`]);
  expect(asked.filter((request) => !request.startsWith(`GET ${host}/`)).toSorted()).toEqual([
    'GET objects',
    'GET objects',
    'GET objects',
    'GET uploads',
  ]);
  // Both copies of the only status that the listing shows.
  expect(asked).toHaveLength(6);
});
