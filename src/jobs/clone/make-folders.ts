import { dirname } from 'node:path';
import { findMissing } from './look-around.ts';
import type { RemoteHost } from './remote-host.ts';
import type { Changes } from './undo.ts';

/** Makes the folders that are missing, with those above them; undone, only these are removed. */
export async function makeFolders(
  host: RemoteHost,
  folders: readonly string[],
  changes: Changes,
): Promise<void> {
  const missing = await findMissing(host, 'folder', [...new Set(folders.flatMap(withAncestors))]);
  if (missing.length === 0) return;
  changes.add(`the new folders ${missing.join(', ')}`, async () => {
    await host.capture(['rmdir', '--', ...missing.toReversed()]);
  });
  // The server's user has to come through, whatever root's umask is there.
  await host.capture(['mkdir', '-m', '755', '--', ...missing]);
}

/** A folder and those above it, the outermost first. */
function withAncestors(folder: string): string[] {
  return folder === '/' ? [] : [...withAncestors(dirname(folder)), folder];
}
