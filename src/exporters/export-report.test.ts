import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExportConfig } from '../config/exporters.ts';
import { Secret } from '../config/secret.ts';
import { exportReport } from './export-report.ts';
import type { Report } from './report.ts';

const report: Report = {
  host: 'db1',
  outcomes: [
    {
      work: 'backup',
      media: 'mysql',
      source: 'mysql',
      runType: 'daily',
      succeeded: true,
      finished: 1000,
      duration: 1.5,
      size: 10,
    },
  ],
  configured: [{ media: 'mysql', source: 'mysql', runType: 'daily' }],
};

let messages: string[];
beforeEach(() => {
  messages = [];
});

/** Exports the report, and returns the warnings. */
async function send(config: ExportConfig, what: Report = report): Promise<string[]> {
  const nothing = () => undefined;
  const log = { debug: nothing, info: nothing, error: nothing, warn: (text: string) => messages.push(text) };
  await exportReport(config, what, log);
  return messages;
}

describe('over UDP', () => {
  let agent: Socket;
  let port: number;
  beforeEach(async () => {
    agent = createSocket('udp4');
    agent.bind(0, '127.0.0.1');
    await once(agent, 'listening');
    port = agent.address().port;
  });
  afterEach(async () => {
    await new Promise<void>((resolve) => agent.close(() => resolve()));
  });

  it.each<[string, (port: number) => ExportConfig, string]>([
    [
      'statsd gets a timing',
      (at) => ({ transport: 'statsd', host: '127.0.0.1', port: at }),
      'twindb.mysql.backup_time:1.5|ms\ntwindb.mysql.backup_failed:0|g\ntwindb.mysql.backup_last_success:1000|g',
    ],
    [
      'the Datadog agent, found by name, gets gauges',
      (at) => ({ transport: 'datadog', via: { kind: 'agent', host: 'localhost', port: at } }),
      'twindb.mysql.backup_time:1.5|g|#run_type:daily\ntwindb.mysql.backup_failed:0|g|#run_type:daily\ntwindb.mysql.backup_last_success:1000|g|#run_type:daily',
    ],
  ])('%s', async (_, configure, expected) => {
    const received = once(agent, 'message') as Promise<[Buffer]>;
    expect(await send(configure(port))).toEqual([]);
    expect((await received)[0].toString()).toBe(expected);
  });

  it('an address of IPv6 may have brackets, as in a URL', async () => {
    const other = createSocket('udp6');
    other.bind(0, '::1');
    await once(other, 'listening');
    const received = once(other, 'message') as Promise<[Buffer]>;
    expect(await send({ transport: 'statsd', host: '[::1]', port: other.address().port })).toEqual([]);
    expect((await received)[0].toString()).toContain('twindb.mysql.backup_time');
    await new Promise<void>((resolve) => other.close(() => resolve()));
  });

  it('nobody who listens is a warning that says what to correct', async () => {
    const free = createSocket('udp4');
    free.bind(0, '127.0.0.1');
    await once(free, 'listening');
    const closed = free.address().port;
    await new Promise<void>((resolve) => free.close(() => resolve()));
    expect(await send({ transport: 'statsd', host: '127.0.0.1', port: closed })).toEqual([
      expect.stringMatching(
        /not affected\): Cannot send to the StatsD server at 127\.0\.0\.1, UDP port \d+: nothing listens.*\nStart it, or correct statsd_host/,
      ),
    ]);
  });

  it('an address that packets cannot be sent to is a warning', async () => {
    expect(await send({ transport: 'statsd', host: '255.255.255.255', port })).toEqual([
      expect.stringContaining('Cannot send to the StatsD server at 255.255.255.255'),
    ]);
  });

  it('an unknown host is a warning', async () => {
    const via = { kind: 'agent', host: 'nohost.invalid', port } as const;
    expect(await send({ transport: 'datadog', via })).toEqual([
      // Where no name server answers, the look-up can be what takes too long.
      expect.stringMatching(/there is no host of that name|no end after 2 seconds/),
    ]);
  });
});

describe("over Datadog's HTTP API", () => {
  let server: Server;
  let answer: (asked: IncomingMessage, body: unknown) => number | undefined;
  let url: string;
  beforeEach(async () => {
    const respond = async (asked: IncomingMessage, reply: ServerResponse): Promise<void> => {
      const status = answer(asked, await json(asked));
      if (status !== undefined) reply.writeHead(status, { location: '/elsewhere' }).end('{"errors":[]}');
    };
    server = createServer((asked, reply) => void respond(asked, reply));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://localhost:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const api = (key = 'hunter2'): ExportConfig => ({
    transport: 'datadog',
    via: { kind: 'api', url, apiKey: new Secret(key) },
  });

  it('gauges of this host are posted with the key', async () => {
    let seen: unknown;
    answer = ({ method, url: path, headers }, body) => {
      seen = { method, path, key: headers['dd-api-key'], type: headers['content-type'], body };
      return 202;
    };
    expect(await send(api())).toEqual([]);
    const timestamp: unknown = expect.any(Number);
    const gauge = (metric: string, value: number) => ({
      metric,
      type: 3,
      points: [{ timestamp, value }],
      resources: [{ type: 'host', name: 'db1' }],
      tags: ['run_type:daily'],
    });
    expect(seen).toEqual({
      method: 'POST',
      path: '/api/v2/series',
      key: 'hunter2',
      type: 'application/json',
      body: {
        series: [
          gauge('twindb.mysql.backup_time', 1.5),
          gauge('twindb.mysql.backup_failed', 0),
          gauge('twindb.mysql.backup_last_success', 1000),
        ],
      },
    });
  });

  it.each([
    [403, /it refuses the API key \(HTTP 403\)\nCorrect api_key/],
    [301, /it refuses the metrics \(HTTP 301\)\nCorrect api_url/],
    [500, /it refuses the metrics \(HTTP 500\)/],
  ])('an answer of %i is a warning, and the key goes nowhere else', async (status, expected) => {
    let asked = 0;
    answer = () => {
      asked += 1;
      return status;
    };
    expect(await send(api())).toEqual([expect.stringMatching(expected)]);
    expect(messages.join()).not.toContain('hunter2');
    expect(asked).toBe(1);
  });

  it('a key that cannot be one is a warning that does not show it', async () => {
    expect(await send(api('hunter2\nhunter3'))).toEqual([expect.stringContaining('no key has')]);
    expect(messages.join()).not.toContain('hunter');
  });

  it('a server that says nothing is given up after two seconds', async () => {
    answer = () => undefined;
    const start = Date.now();
    expect(await send(api())).toEqual([expect.stringContaining('no end after 2 seconds')]);
    const elapsed = Date.now() - start;
    expect(elapsed).toBeGreaterThan(1900);
    expect(elapsed).toBeLessThan(10_000);
  });
});

describe('in a file for Prometheus', () => {
  let dir: string;
  let file: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'twindb-prom-'));
    file = join(dir, 'twindb.prom');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const prometheus = (): ExportConfig => ({ transport: 'prometheus', file });
  const restore = (media: 'files' | 'mysql'): Report => ({
    ...report,
    outcomes: [{ work: 'restore', media, succeeded: true, finished: 7, duration: 2 }],
  });

  it('everyone may read it, whatever the umask, and nothing else is left in the folder', async () => {
    const before = process.umask(0o077);
    try {
      expect(await send(prometheus())).toEqual([]);
    } finally {
      process.umask(before);
    }
    expect(statSync(file).mode & 0o777).toBe(0o644);
    expect(readdirSync(dir)).toEqual(['twindb.prom']);
  });

  it('reports that come at once do not lose each other, and a reader never sees half a file', async () => {
    await send(prometheus());
    const reports = [restore('files'), restore('mysql')].map((each) => send(prometheus(), each));
    const all = Promise.all(reports);
    const ended = (): Promise<boolean> => Promise.race([all.then(() => true), setImmediate(false)]);
    while (!(await ended())) expect(readFileSync(file, 'utf8')).toMatch(/^# Written by[\s\S]*\n$/);
    expect(messages).toEqual([]);
    const text = readFileSync(file, 'utf8');
    for (const type of ['files', 'mysql'])
      expect(text).toContain(`twindb_restore_last_run_succeeded{type="${type}"} 1`);
    expect(text).toContain('twindb_backup_last_run_succeeded');
  });

  it('a file of another program is left as it is, with a warning', async () => {
    writeFileSync(file, 'node_foo 1\n');
    expect(await send(prometheus())).toEqual([
      expect.stringMatching(/the file there is not of this tool.*\nName a file/),
    ]);
    expect(readFileSync(file, 'utf8')).toBe('node_foo 1\n');
  });

  it('a folder that is not there is a warning', async () => {
    file = join(dir, 'absent', 'twindb.prom');
    expect(await send(prometheus())).toEqual([
      expect.stringMatching(/Cannot write \S+: there is no folder \S+absent\nName a file/),
    ]);
    expect(readdirSync(dir)).toEqual([]);
  });
});
