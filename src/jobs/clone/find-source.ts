import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { TwinDbError } from '../../errors.ts';
import type { MysqlServer } from '../../mysql/server/server.ts';
import { type Address, formatAddress } from './address.ts';
import type { RemoteHost } from './remote-host.ts';

/**
 * Under which name and port the replica reaches the server of this host. Throws a TwinDbError when the two are one host, or
 * `wanted` is a third one.
 */
export async function findSource(
  server: MysqlServer,
  host: RemoteHost,
  wanted: Address | undefined,
): Promise<{ host: string; port: number }> {
  const port = Number(await server.variable('port'));
  if (wanted?.port !== undefined && wanted.port !== port) {
    throw new TwinDbError(
      `SOURCE is ${formatAddress(wanted)}, and the server of ${server.options.file} listens on port ${port}`,
      { remedy: `Name SOURCE by that port, or correct ${server.options.file}.` },
    );
  }
  const { localAddress, remoteAddress } = await host.connection();
  const own = localAddress.replace(/^::ffff:/, '');
  // Connections to an address of one's own come from it, too.
  if (isLoopback(own) || localAddress === remoteAddress)
    throw new TwinDbError(`${host.name} is this host, and a clone needs two`);
  const addresses = wanted === undefined ? [] : await resolveName(wanted.host);
  if (wanted === undefined || addresses.every(isLoopback)) return { host: own, port };
  const here = Object.values(networkInterfaces()).flatMap(
    (each) => each?.map(({ address }) => address) ?? [],
  );
  if (addresses.some((address) => here.includes(address))) return { host: wanted.host, port };
  throw new TwinDbError(`SOURCE ${wanted.host} is another host`, {
    remedy: 'Run the command there: the backup program has to read the data from its own disk.',
  });
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

async function resolveName(name: string): Promise<string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch (cause) {
    throw new TwinDbError(`Cannot find the address of SOURCE ${name}`, { cause });
  }
}
