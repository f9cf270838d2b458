import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../src/log.ts';
import { closeBinlogs } from '../../src/mysql/binlog/binlogs.ts';
import { connectMysql, type MysqlServer } from '../../src/mysql/server/server.ts';
import { openBinlogSource, readTimeCreated } from '../../src/sources/binlog.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { isMysql, type MariadbServer, startMariadb } from '../lab/mariadb.ts';

// A server that was taken over, or whoever is between, tries to write where it must not by what it sends of its binary logs.

const log = createLog('error', () => undefined);
const options = { log, signal: new AbortController().signal };

let server: MariadbServer;
let sandbox: Sandbox;
let temporary: string;
const before = process.env['TMPDIR'];
beforeAll(async () => {
  server = await startMariadb();
  sandbox = createSandbox();
  // Some folders down, so that what leads up from there is seen.
  temporary = join(sandbox.dir, 'a/b');
  mkdirSync(temporary, { recursive: true });
  process.env['TMPDIR'] = temporary;
});
afterAll(async () => {
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  sandbox[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

/** Its files cannot be seen from here, so that it is asked for them. */
const elsewhere = (connected: MysqlServer): MysqlServer => ({
  ...connected,
  variable: async () => 'another host',
});

const COM_BINLOG_DUMP = 0x12;
const FORMAT_DESCRIPTION = 15;
const ROTATE = 4;

/** An event behind the zero that says that it is one. */
function event(type: number, when: number, body: Buffer): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt32LE(when, 1);
  header.writeUInt8(type, 5);
  header.writeUInt32LE(1, 6);
  header.writeUInt32LE(19 + body.length, 10);
  return Buffer.concat([header, body]);
}

function rotateTo(name: string, when: number, checksum = 0): Buffer {
  const position = Buffer.alloc(8);
  position.writeUInt32LE(4);
  return event(ROTATE, when, Buffer.concat([position, Buffer.from(name), Buffer.alloc(checksum)]));
}

/** The first event of a log as a server without checksums writes it: 15 is the version, 50 bytes are its name. */
function formatDescription(): Buffer {
  const body = Buffer.alloc(2 + 50 + 4 + 1 + 171 + 1 + 4);
  body.writeUInt16LE(4);
  body.write('10.11.6-MariaDB-log', 2, 'latin1');
  body.writeUInt8(19, 56);
  // The lengths of the headers of each type, of which the program needs but these.
  Buffer.from([56, 13, 0, 8, 0, 18, 0, 4, 4, 4, 4, 18, 0, 0, 228, 0, 4]).copy(body, 57);
  return event(FORMAT_DESCRIPTION, 1_700_000_000, body);
}

/** The real server up to the moment when its log is asked for; then it says that the log goes on in another file. */
async function startLiar(name: string, other: string): Promise<AsyncDisposable & { readonly port: number }> {
  const lie = (client: Socket) => {
    const packets = [
      rotateTo(name, 0),
      formatDescription(),
      rotateTo(other, 1_700_000_000, 4),
      formatDescription(),
      event(2, 1_700_000_001, Buffer.from('evil')),
      Buffer.from([0xfe, 0, 0, 0, 0]),
    ];
    for (const [index, packet] of packets.entries()) {
      const head = Buffer.alloc(4);
      head.writeUIntLE(packet.length, 0, 3);
      head.writeUInt8(index + 1, 3);
      client.write(Buffer.concat([head, packet]));
    }
  };
  const proxy = createServer((client) => {
    const real = connect(server.socket);
    for (const [from, to] of [
      [client, real],
      [real, client],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
    real.on('data', (bytes) => void client.write(bytes));
    client.on('data', (bytes: Buffer) => {
      if (bytes[3] === 0 && bytes[4] === COM_BINLOG_DUMP) lie(client);
      else real.write(bytes);
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    port: (proxy.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

describe.skipIf(isMysql)(
  'a server that is asked for a binary log, which the real mariadb-binlog --raw fetches,',
  () => {
    it.each(['../pwned.000001', '../../pwned.000001', 'x/../../../pwned.000001'])(
      'cannot name the file within its stream: %s',
      async (other) => {
        await using direct = await connectMysql(server, log);
        const [closed] = (await closeBinlogs(direct)) ?? [];
        if (closed === undefined) throw new Error('There is no closed log');
        await using liar = await startLiar(closed.name, other);
        const defaultsFile = sandbox.file(
          'liar.cnf',
          `[client]\nuser=root\npassword="${server.rootPassword.replaceAll(/["\\]/g, '\\$&')}"\nhost=127.0.0.1\nport=${liar.port}\nssl=0\n`,
        );
        await using connected = await connectMysql({ defaultsFile }, log);
        await expect(openBinlogSource(closed, elsewhere(connected), options)).rejects.toThrow(
          /mariadb-binlog/,
        );
        // Neither beside the folder that it was to go to, nor above.
        expect(readdirSync(temporary)).toEqual([]);
        expect(existsSync(join(sandbox.dir, 'a/pwned.000001'))).toBe(false);
        expect(existsSync(join(sandbox.dir, 'pwned.000001'))).toBe(false);
      },
    );
  },
);

describe.skipIf(isMysql)('a log whose name looks like an option', () => {
  it.each(['--help', "-it's"])('is an argument, and its bytes are fetched: %s', async (base) => {
    await using dashed = await startMariadb({ lines: [`log_bin = ${base}`] });
    await using connected = await connectMysql(dashed, log);
    const [closed] = (await closeBinlogs(connected)) ?? [];
    expect(closed?.name).toBe(`${base}.000001`);
    if (closed === undefined) return;
    await using source = await openBinlogSource(closed, elsewhere(connected), options);
    expect(source.facts().timeCreated).toBe(await readTimeCreated(closed, elsewhere(connected), options));
  });
});
