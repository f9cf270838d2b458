import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { NotifyConfig } from '../config/notify.ts';
import { Secret } from '../config/secret.ts';
import { notify } from './notify.ts';

let server: Server;
let base: string;
let asked: string[];
let answer: (nth: number, to: ServerResponse) => void;
let warnings: string[];

beforeEach(async () => {
  asked = [];
  warnings = [];
  answer = (_, to) => to.writeHead(204).end();
  server = createServer((request, response) => {
    void text(request).then((body) => {
      asked.push(`${request.method} ${request.url} ${body}`.trim());
      return answer(asked.length, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Tells of a failure and returns what was warned of. */
async function tell(
  change: Partial<NotifyConfig> = {},
  message = 'no space',
  signal = new AbortController().signal,
) {
  const nothing = (): void => undefined;
  const log = {
    debug: nothing,
    info: nothing,
    error: nothing,
    warn: (line: string) => void warnings.push(line),
  };
  const config: NotifyConfig = {
    style: 'plain',
    url: undefined,
    failureUrl: new Secret(`${base}/secret-token/{host}/{run_type}`),
    ...change,
  };
  const event = { moment: 'failure', title: 'daily backup of db1 failed', message } as const;
  await notify(config, event, { host: 'db 1', runType: 'daily' }, log, signal, {
    limitMs: 500,
    pausesMs: [1, 1],
  });
  return warnings;
}

it('the placeholders are filled in, as they have to be in a URL', async () => {
  expect(await tell()).toEqual([]);
  expect(asked).toEqual(['POST /secret-token/db%201/daily no space']);
});

it('a server that stumbles is asked three times in all', async () => {
  answer = (nth, to) => to.writeHead(nth < 3 ? 503 : 200).end();
  expect(await tell()).toEqual([]);
  expect(asked).toHaveLength(3);
});

it('a server that goes on failing is one warning, which does not show the secret path', async () => {
  answer = (_, to) => to.writeHead(500).end();
  expect(await tell()).toEqual([
    expect.stringMatching(/^127\.0\.0\.1:\d+ was not told of the failure .*HTTP 500/),
  ]);
  expect(warnings.join()).not.toContain('secret-token');
  expect(asked).toHaveLength(3);
});

it.each([404, 301])('an answer that will not change, HTTP %s, is not asked for again', async (status) => {
  answer = (_, to) => to.writeHead(status, { location: `${base}/elsewhere` }).end();
  expect(await tell()).toEqual([expect.stringContaining(`HTTP ${status}`)]);
  expect(asked).toHaveLength(1);
});

it('a server that says nothing is given up', async () => {
  answer = () => undefined;
  expect(await tell()).toEqual([expect.stringContaining('no answer within 0.5 seconds')]);
});

it('a server that wants to speak another protocol is not waited for', async () => {
  answer = (_, to) =>
    to.socket?.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: upgrade\r\n\r\n');
  expect(await tell()).toEqual([expect.stringContaining('HTTP 101')]);
  expect(asked).toHaveLength(1);
});

it('nothing listens there', async () => {
  const failureUrl = new Secret('http://127.0.0.1:1/token');
  expect(await tell({ failureUrl })).toEqual([expect.stringContaining('nothing listens on that port')]);
});

it('a long message is cut to 4,000 bytes, not within a character', async () => {
  await tell({}, `x${'é'.repeat(3000)}`);
  const [, body = ''] = /daily (.*)$/s.exec(asked[0] ?? '') ?? [];
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(4000);
  expect(Buffer.byteLength(body)).toBeGreaterThan(3990);
  expect(body).toMatch(/^xé+\n…$/);
});

it('a run that is interrupted is told of once', async () => {
  answer = (_, to) => to.writeHead(500).end();
  const ended = new AbortController();
  ended.abort();
  expect(await tell({}, 'Interrupted by SIGTERM', ended.signal)).toHaveLength(1);
  expect(asked).toHaveLength(1);
});
