import { isIP } from 'node:net';
import { ProcessError, TwinDbError } from './errors.ts';
import { captureOutput } from './process/capture.ts';

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Of getent(1): the name could not be found. */
const NOT_FOUND = 2;

/**
 * The address of a host, by /etc/hosts and the name servers. A program of the system looks it up: a lookup in this process
 * cannot be ended, and the process could not exit before a name server that says nothing has been given up.
 */
export async function findAddress(name: string, signal: AbortSignal): Promise<Address> {
  // As URLs write an address of IPv6, and whoever copies one.
  const host = name.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(host);
  if (family !== 0) return { address: host, family: family as 4 | 6 };
  const found = await askSystem(host, signal);
  // An agent that listens on 127.0.0.1 only is to be found as `localhost` too.
  const address = found.find((each) => isIP(each) === 4) ?? found[0];
  if (address === undefined) throw unknownHost();
  return { address, family: isIP(address) as 4 | 6 };
}

async function askSystem(host: string, signal: AbortSignal): Promise<string[]> {
  const getent = { command: 'getent', args: ['ahosts', '--', host], debianPackage: 'libc-bin' };
  try {
    const lines = (await captureOutput(getent, signal)).split('\n');
    return lines.map((line) => line.split(' ')[0] ?? '').filter((address) => isIP(address) !== 0);
  } catch (error) {
    if (error instanceof ProcessError && error.exitCode === NOT_FOUND) throw unknownHost();
    throw error;
  }
}

function unknownHost(): TwinDbError {
  return new TwinDbError('there is no host of that name, or no name server answers');
}
