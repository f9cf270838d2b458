import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createTcpServer } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Destination } from '../../src/destinations/destination.ts';
import { DEFAULT_TUNING } from '../../src/destinations/s3/client.ts';
import { openS3 } from '../../src/destinations/s3/driver.ts';
import { ConfigError, describeError } from '../../src/errors.ts';
import { digest, digestOf, listKeys, MIB, makeBytes, store } from '../contract/bytes.ts';
import { failureOf } from '../fixtures/failure.ts';
import { startHttpProxy } from './http-proxy.ts';
import { makeAuthority, startTlsFront } from './own-authority.ts';
import { IMPATIENT, keepLog, labConfig } from './s3-lab.ts';
import { startProxy } from './s3-proxy.ts';

const VARIABLES = /^(?:https?_proxy|no_proxy|aws_ca_bundle|requests_ca_bundle)$/i;
const environment = { ...process.env };
let dir = '';
let authority: ReturnType<typeof makeAuthority>;
let front: Awaited<ReturnType<typeof startTlsFront>>;
beforeAll(async () => {
  dir = mkdtempSync('/tmp/twindb-route-');
  authority = makeAuthority(dir);
  front = await startTlsFront(labConfig().endpointUrl ?? '', authority.certify());
});
afterAll(async () => {
  await front[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});
const open: Destination[] = [];
beforeEach(() => {
  process.env = Object.fromEntries(Object.entries(environment).filter(([name]) => !VARIABLES.test(name)));
});
afterEach(async () => {
  for (const destination of open.splice(0)) await destination[Symbol.asyncDispose]();
  process.env = { ...environment };
});

function openAt(endpointUrl = labConfig().endpointUrl, tuning = DEFAULT_TUNING): Destination {
  const config = labConfig({ endpointUrl, partSize: 5 * MIB });
  const destination = openS3(config, keepLog(), tuning);
  open.push(destination);
  return destination;
}
const secure = (): string => `https://localhost:${front.port}`;
const failure = async (endpoint?: string) =>
  describeError(await failureOf(listKeys(openAt(endpoint, IMPATIENT), 'db1/')));

/** Writes an object of several parts and reads it back. */
async function expectRoundTrip(destination: Destination): Promise<void> {
  const key = `s3-route-${process.pid}-${Date.now()}/daily/files/copy`;
  await store(destination, key, 12 * MIB, 1);
  expect(await digestOf(destination, key)).toBe(await digest(makeBytes(12 * MIB, 1)));
  await destination.delete(key);
}

describe('a server with a certificate of an own authority', () => {
  it('is reached when AWS_CA_BUNDLE, or else REQUESTS_CA_BUNDLE, names the authority', async () => {
    process.env['AWS_CA_BUNDLE'] = authority.file;
    await expectRoundTrip(openAt(secure()));
    process.env['REQUESTS_CA_BUNDLE'] = '/nowhere';
    expect(await listKeys(openAt(secure()), 'db1-none/')).toEqual([]);
    Object.assign(process.env, { REQUESTS_CA_BUNDLE: authority.file, AWS_CA_BUNDLE: '' });
    expect(await listKeys(openAt(secure()), 'db1-none/')).toEqual([]);
  });

  it('is refused without, and says how to trust it', async () => {
    expect(await failure(secure())).toMatch(
      /^Cannot list s3:\/\/lab\/db1\/: the certificate of localhost:\d+ is not trusted \(unable to verify the first certificate\)\nSet the environment variable AWS_CA_BUNDLE /,
    );
  });

  it('is refused by another name or after its time, each with its own words', async () => {
    process.env['AWS_CA_BUNDLE'] = authority.file;
    expect(await failure(`https://127.0.0.1:${front.port}`)).toMatch(
      /the certificate of 127\.0\.0\.1:\d+ is made out to other names \(.*\)\nCorrect the host in \[s3\] endpoint_url/,
    );
    await using old = await startTlsFront(labConfig().endpointUrl ?? '', authority.certify(-1));
    expect(await failure(`https://localhost:${old.port}`)).toMatch(
      /is not valid at this time \(certificate has expired\)\nRenew it, or set the clock/,
    );
  });

  it.each([
    ['a folder', '', /cannot be read: illegal operation on a directory/],
    ['nothing', 'nothing', /cannot be read: no such file/],
    ['no certificates', 'text', /holds no certificate in PEM format/],
  ])('AWS_CA_BUNDLE that names %s is an error of configuration', (_what, name, words) => {
    writeFileSync(`${dir}/text`, 'text');
    process.env['AWS_CA_BUNDLE'] = `${dir}/${name}`;
    const attempt = () => openAt(secure());
    expect(attempt).toThrow(ConfigError);
    expect(attempt).toThrow('The environment variable AWS_CA_BUNDLE is wrong');
    try {
      attempt();
    } catch (error) {
      expect(describeError(error)).toMatch(words);
      expect(describeError(error)).toContain('\nIt names one file ');
    }
    // Of no account without TLS.
    openAt();
  });
});

describe('a proxy', () => {
  it('connects us to a server by HTTPS, with a login, in upper and lower case', async () => {
    await using proxy = await startHttpProxy({ login: 'bob:p@ss' });
    Object.assign(process.env, {
      AWS_CA_BUNDLE: authority.file,
      HTTPS_PROXY: 'http://127.0.0.1:1',
      https_proxy: `http://bob:p%40ss@127.0.0.1:${proxy.port}`,
    });
    await expectRoundTrip(openAt(secure()));
    expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT localhost:${front.port}`]));
  });

  it('forwards what goes by plain HTTP', async () => {
    await using proxy = await startHttpProxy({ login: 'bob:p@ss' });
    process.env['HTTP_PROXY'] = `bob:p%40ss@127.0.0.1:${proxy.port}`;
    await expectRoundTrip(openAt());
    expect(proxy.asked.length).toBeGreaterThan(4);
    for (const line of proxy.asked) expect(line).toContain(` ${labConfig().endpointUrl}/lab/`);
  });

  it('is reached by HTTPS itself, for both', async () => {
    await using proxy = await startHttpProxy({ certificate: authority.certify() });
    const url = `https://localhost:${proxy.port}`;
    Object.assign(process.env, { AWS_CA_BUNDLE: authority.file, HTTPS_PROXY: url, HTTP_PROXY: url });
    await expectRoundTrip(openAt(secure()));
    await expectRoundTrip(openAt());
    const methods = new Set(proxy.asked.map((line) => line.split(' ')[0]));
    expect(methods).toEqual(new Set(['CONNECT', 'HEAD', 'POST', 'PUT', 'GET', 'DELETE']));
  });

  it('is left out for the hosts of NO_PROXY', async () => {
    process.env['HTTP_PROXY'] = 'http://127.0.0.1:1';
    process.env['NO_PROXY'] = 'example.com, 127.0.0.1';
    expect(await listKeys(openAt(), 'db1-none/')).toEqual([]);
  });

  it('that wants a login, or another one, is an error that names it and the variable, without the password', async () => {
    await using proxy = await startHttpProxy({ login: 'bob:right' });
    process.env['AWS_CA_BUNDLE'] = authority.file;
    for (const [variable, endpoint] of [
      ['HTTPS_PROXY', secure()],
      ['HTTP_PROXY', labConfig().endpointUrl],
    ] as const) {
      process.env[variable] = `http://127.0.0.1:${proxy.port}`;
      expect(await failure(endpoint)).toBe(
        `Cannot list s3://lab/db1/: the proxy 127.0.0.1:${proxy.port} (${variable}) wants a login (HTTP 407 Proxy Authentication Required)\n` +
          `Write the login into ${variable}: http://USER:PASSWORD@HOST:PORT, with %40 for an @ in it.`,
      );
      process.env[variable] = `http://bob:wrong@127.0.0.1:${proxy.port}`;
      expect(await failure(endpoint)).toMatch(/\) refuses the login of bob \(HTTP 407[^:]*\)\n/);
      expect(await failure(endpoint)).not.toContain('wrong');
    }
    // Each was told once: no retry helps.
    expect(proxy.asked).toHaveLength(6);
  });

  it('that lets us not through, or is not there, is an error that says so', async () => {
    await using proxy = await startHttpProxy({ refusal: '403 Filtered' });
    Object.assign(process.env, {
      AWS_CA_BUNDLE: authority.file,
      HTTPS_PROXY: `127.0.0.1:${proxy.port}`,
      HTTP_PROXY: `127.0.0.1:${proxy.port}`,
    });
    expect(await failure(secure())).toMatch(
      /the proxy \S+ \(HTTPS_PROXY\) does not connect to localhost:\d+ \(HTTP 403 Filtered\)\nHave the proxy let /,
    );
    expect(await failure()).toMatch(
      /the proxy \S+ \(HTTP_PROXY\) does not connect to \S+ \(HTTP 403 Forbidden\)\n/,
    );
    process.env['HTTPS_PROXY'] = 'http://127.0.0.1:1';
    expect(await failure(secure())).toMatch(
      /the proxy 127\.0\.0\.1:1 \(HTTPS_PROXY\) cannot be used: nothing listens on that port\nCorrect HTTPS_PROXY, /,
    );
  });

  it('that never answers is an error after a while', async () => {
    await using proxy = await startHttpProxy({ refusal: '' });
    Object.assign(process.env, { AWS_CA_BUNDLE: authority.file, HTTPS_PROXY: `127.0.0.1:${proxy.port}` });
    expect(await failure(secure())).toMatch(/the proxy \S+ \(HTTPS_PROXY\) cannot be used: no answer\n/);
  });
});

describe('what no S3 server says', () => {
  it('TLS spoken to a server of plain HTTP is an error that says so', async () => {
    const { host } = new URL(labConfig().endpointUrl ?? '');
    expect(await failure(`https://${host}`)).toMatch(
      /: 127\.0\.0\.1:\d+ does not speak TLS as it should \(wrong version number\)\nCheck whether its URL should begin with http:\/\//,
    );
  });

  it('a server that does not speak HTTP is an error that says so', async () => {
    const server = createTcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')).listen(0, '127.0.0.1');
    try {
      await new Promise((resolve) => {
        server.once('listening', resolve);
      });
      const { port } = server.address() as { port: number };
      expect(await failure(`http://127.0.0.1:${port}`)).toMatch(
        /: 127\.0\.0\.1:\d+ does not answer in HTTP \(.*\)\nCheck whether its URL should begin with https:/,
      );
    } finally {
      server.close();
    }
  });
});

// What Amazon answers; the lab's server has neither archives nor KMS, and redirects nobody.
describe('what Amazon refuses keeps its words, and has a remedy', () => {
  const key = "db1/daily/files/it's";
  it.each([
    [
      'an archived object',
      403,
      "<Code>InvalidObjectState</Code><Message>The operation is not valid for the object's storage class</Message>",
      /^Cannot read s3:\S+: it is in an archive, from which it has to be restored first \(InvalidObjectState: The operation is not valid for the object's storage class\)\nRun: aws s3api restore-object --bucket lab --key 'db1\/daily\/files\/it'"'"'s' --restore-request Days=7,/,
    ],
    [
      'a KMS key that may not be used',
      403,
      '<Code>AccessDenied</Code><Message>User: arn:aws:iam::1:user/b is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:k</Message>',
      /: the server cannot use the KMS key of the bucket \(AccessDenied: User: arn\S+ is not authorized to perform: kms:Decrypt on \S+ \S+\)\nAllow access key id \S+ kms:GenerateDataKey and kms:Decrypt /,
    ],
    [
      'a KMS key that is disabled',
      400,
      '<Code>KMS.DisabledException</Code><Message>arn:aws:kms:k is disabled.</Message>',
      /: the server cannot use the KMS key of the bucket \(KMS\.DisabledException: arn:aws:kms:k is disabled\.\)\nEnable the key, or correct \[s3\] sse_kms_key_id\./,
    ],
    [
      'a redirection',
      307,
      '<Code>TemporaryRedirect</Code><Message>Please re-send this request to the specified temporary endpoint.</Message>',
      /: the server sends requests for the bucket lab elsewhere to lab\.s3\.eu-west-1\.amazonaws\.com \(TemporaryRedirect: Please re-send \S.*\)\nSet \[s3\] AWS_DEFAULT_REGION /,
    ],
    [
      'any other denial',
      403,
      '<Code>AccessDenied</Code><Message>User: arn:b is not authorized to perform: s3:GetObject</Message>',
      /: access key id \S+ is not allowed to \(AccessDenied: User: arn:b is not authorized to perform: s3:GetObject\)\nCheck the key/,
    ],
  ])('%s', async (_what, status, words, message) => {
    const server = await startProxy(labConfig().endpointUrl ?? '', (_asked, answer) => {
      const location = 'https://lab.s3.eu-west-1.amazonaws.com/x?token=1';
      answer.writeHead(status, { 'content-type': 'application/xml', ...(status === 307 && { location }) });
      answer.end(`<?xml version="1.0"?><Error>${words}</Error>`);
    });
    try {
      const stream = openAt(server.endpoint).read(key);
      const said = describeError(await failureOf(stream.toArray()));
      expect(said).toMatch(message);
      expect(said).not.toContain('token');
    } finally {
      await server.kill();
    }
  });
});
