import { realpath } from 'node:fs/promises';
import { describeError, TwinDbError } from '../../errors.ts';
import { captureOutput } from '../../process/capture.ts';
import { findInPath } from '../../process/find-in-path.ts';
import { installCommand } from '../../process/install-command.ts';
import type { Flavour } from '../flavours.ts';

type Wanted = Pick<Flavour, 'family' | 'title' | 'serverPrograms' | 'serverPackage'>;

/** How long a server program may take to tell its version, in milliseconds. */
const PATIENCE_MS = 60_000;

/** `mariadbd  Ver 10.11.18-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64`. */
const VERSION = / Ver (\d+\.\d+)\S*/;

/**
 * The server program of this host that is of the series from which a copy was made; of the copies that the Python tool made, where that is not
 * known, the first one of its kind. Throws a TwinDbError that names the package, or the series that is needed; and the reason of the signal.
 */
export async function findServer(flavour: Wanted, signal: AbortSignal): Promise<string> {
  const others: string[] = [];
  const seen = new Set<string>();
  for (const name of flavour.serverPrograms) {
    const found = await findInPath(name);
    // The old name is a link to the new one.
    const path = found && (await realpath(found));
    if (path === undefined || seen.has(path)) continue;
    seen.add(path);
    const says = await askVersion(path, signal);
    const refusal = refuse(flavour, says);
    if (refusal === undefined) return path;
    others.push(`${path} is ${refusal}`);
  }
  const { title, serverPackage } = flavour;
  if (others.length > 0) {
    throw new TwinDbError(`A server ${title} is needed to start on this copy: ${others.join(', ')}`, {
      remedy: `Run the command on a host with ${title}; the server there need not run.`,
    });
  }
  throw new TwinDbError(`A server ${title} is needed to start on this copy, and none is installed here`, {
    remedy: `Install it, it need not run: ${installCommand([serverPackage])}. Or run the command on a host that has it.`,
  });
}

/** What a program is instead of what is wanted; undefined when it is that. */
export function refuse(
  { family, title }: Pick<Wanted, 'family' | 'title'>,
  says: string,
): string | undefined {
  const series = VERSION.exec(says)?.[1];
  if (series === undefined) return 'no server that says its version';
  const kind = /mariadb/i.test(says) ? 'mariadb' : 'mysql';
  const wanted = /\d+\.\d+$/.exec(title)?.[0];
  if (kind === family && (wanted ?? series) === series) return undefined;
  return `${kind === 'mariadb' ? 'MariaDB' : 'MySQL'} ${series}`;
}

async function askVersion(command: string, signal: AbortSignal): Promise<string> {
  const ends = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    return await captureOutput({ command, args: ['--no-defaults', '--version'] }, ends);
  } catch (error) {
    signal.throwIfAborted();
    return describeError(error);
  }
}
