import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { createServer } from 'node:tls';

export interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
}

/** An authority of the test's own, as companies have them. */
interface OwnAuthority {
  /** Path of its certificate. */
  readonly file: string;
  /** A certificate for `localhost`, valid from now for so many days. */
  certify(days?: number): Certificate;
}

/** Makes an authority whose files are in `dir`. */
export function makeAuthority(dir: string): OwnAuthority {
  const run = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  run(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=Own authority',
    '-days',
    '9',
  );
  writeFileSync(`${dir}/names`, 'subjectAltName=DNS:localhost');
  return {
    file: `${dir}/ca.pem`,
    certify(days = 9) {
      run('req', ...newKey, '-keyout', 'own.key', '-out', 'own.csr', '-subj', '/CN=localhost');
      const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names'];
      run('x509', '-req', '-in', 'own.csr', '-out', 'own.pem', ...authority, '-days', String(days));
      return { key: readFileSync(`${dir}/own.key`), cert: readFileSync(`${dir}/own.pem`) };
    },
  };
}

/** TLS in front of a real server that speaks plain HTTP. */
interface TlsFront extends AsyncDisposable {
  readonly port: number;
}

export async function startTlsFront(target: string, certificate: Certificate): Promise<TlsFront> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer(certificate, (secure) => {
    const plain = connect(Number(port), hostname);
    for (const socket of [secure, plain]) sockets.add(socket);
    secure.on('error', () => plain.destroy());
    plain.on('error', () => secure.destroy());
    secure.pipe(plain).pipe(secure);
  });
  // A client that does not trust it.
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
