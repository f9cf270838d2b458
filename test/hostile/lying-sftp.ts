import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type Connection, type FileEntry, type SFTPWrapper } from 'ssh2';
import type { SshConfig } from '../../src/config/config.ts';

/** What the server does with an SFTP session. */
export type Lie = (sftp: SFTPWrapper) => void;

/** An SSH server in this process that lets everybody in and lies by SFTP. Disposing of it ends it. */
export interface LyingSftp extends AsyncDisposable {
  readonly config: SshConfig;
}

export async function startLyingSftp(
  lie: Lie,
  options: { readonly banner?: string } = {},
): Promise<LyingSftp> {
  const dir = mkdtempSync(join(tmpdir(), 'twindb-lying-'));
  const key = ssh2.utils.generateKeyPairSync('ed25519').private;
  writeFileSync(join(dir, 'key'), key, { mode: 0o600 });
  const connections = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [key], ...options }, (client) => {
    connections.add(client);
    client.on('error', () => undefined);
    client.on('authentication', (context) => context.accept());
    client.on('session', (accept) => accept().on('sftp', (acceptSftp) => lie(acceptSftp())));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    config: {
      kind: 'ssh',
      host: '127.0.0.1',
      port,
      user: 'backup',
      keyFile: join(dir, 'key'),
      knownHosts: join(dir, 'known_hosts'),
      hostKeyChecking: 'accept-new',
      backupDir: '/srv/backups',
    },
    async [Symbol.asyncDispose]() {
      for (const client of connections) client.end();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      rmSync(dir, { recursive: true });
    },
  };
}

export const { STATUS_CODE } = ssh2.utils.sftp;

const FOLDER_MODE = 0o040700;
export const FILE_MODE = 0o100600;

/** A name in a listing: a folder when it ends in a slash. */
export function entry(name: string): FileEntry {
  const isFolder = name.endsWith('/');
  const mode = isFolder ? FOLDER_MODE : FILE_MODE;
  const filename = isFolder ? name.slice(0, -1) : name;
  return { filename, longname: filename, attrs: attributes(mode, 3) };
}

export function attributes(mode: number, size: number): FileEntry['attrs'] {
  return { mode, uid: 0, gid: 0, size, atime: 1_767_225_600, mtime: 1_767_225_600 };
}
