import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../src/log.ts';
import { connect, type SshConnection } from '../../src/ssh/connect.ts';
import { type RemoteEnd, startRemote } from '../../src/ssh/remote-command.ts';
import { useLab } from '../lab/lab.ts';
import { knownLine, type MortalSshd, makeSshd } from './ssh-server.ts';

const { ssh } = useLab();
const dir = mkdtempSync(join(tmpdir(), 'remote-command-'));
const knownHosts = join(dir, 'known_hosts');
let sshd: MortalSshd;
let connection: SshConnection;

const quiet = createLog('error', () => undefined);

const targetOn = (port: number) => ({
  host: '127.0.0.1',
  port,
  user: ssh.user,
  keyFile: ssh.key,
  knownHosts,
  hostKeyChecking: 'strict' as const,
});

beforeAll(async () => {
  sshd = await makeSshd(ssh, dir);
  await sshd.start();
  writeFileSync(knownHosts, knownLine(ssh, sshd.port, 'ed25519'));
  connection = await connect(targetOn(sshd.port), quiet);
});
afterAll(async () => {
  await connection?.[Symbol.asyncDispose]();
  await sshd?.kill();
  rmSync(dir, { recursive: true, force: true });
});

async function run(words: readonly string[], input = ''): Promise<RemoteEnd> {
  const command = await startRemote(connection, words);
  command.stdin.end(input);
  return await command.ended;
}

describe('a command on another host', () => {
  it('gets every argument as it is, and stdin', async () => {
    const words = ['a b', "it's", '"', '$HOME', '`id`', '*', '', '\\', 'new\nline', '-n', 'ü'];
    const { stdout, exitCode } = await run(['sh', '-c', 'printf "<%s>" "$@"; cat', 'sh', ...words], 'input');
    expect(stdout).toBe(`${words.map((word) => `<${word}>`).join('')}input`);
    expect(exitCode).toBe(0);
  });

  it('tells its end, also when that comes in one packet with the news of its start', async () => {
    // A server of ssh2's own, since OpenSSH's does so only now and then.
    const hasty = new ssh2.Server({ hostKeys: [readFileSync(join(ssh.hostKeys, 'ed25519'))] }, (client) => {
      client.on('error', () => undefined).on('authentication', (login) => login.accept());
      client.on('session', (accept) =>
        accept().on('exec', (acceptCommand) => {
          const channel = acceptCommand();
          channel.exit(7);
          channel.end();
        }),
      );
    });
    await once(hasty.listen(0, '127.0.0.1'), 'listening');
    const { port } = hasty.address() as AddressInfo;
    writeFileSync(knownHosts, knownLine(ssh, port, 'ed25519'));
    try {
      await using toHasty = await connect(targetOn(port), quiet);
      for (let count = 0; count < 20; count++) {
        expect((await (await startRemote(toHasty, ['true'])).ended).exitCode).toBe(7);
      }
    } finally {
      hasty.close();
    }
  });

  it('tells what it said on stderr, and the signal that killed it', async () => {
    const end = await run(['sh', '-c', 'echo oops >&2; kill -9 $$']);
    expect(end).toMatchObject({ signal: 'SIGKILL', stderr: ['oops'] });
  });

  it('is an error when the connection is lost, since nobody knows how it ended', async () => {
    const command = await startRemote(connection, ['sh', '-c', 'echo here; sleep 60']);
    expect(await command.firstLine).toBe('here');
    sshd.killSessions();
    await expect(command.ended).rejects.toThrow('the connection was lost');
    await expect(startRemote(connection, ['true'])).rejects.toThrow('the connection was lost');
  });
});
