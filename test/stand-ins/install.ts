import { chmodSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Sandbox } from '../e2e/cli.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/**
 * Puts the stand-ins for xtrabackup and xbstream into a folder of the sandbox. Returns the options of [mysql] that name
 * them, and the folder. `die`: it is killed half-way through its stream.
 */
export function installXtrabackup(
  sandbox: Pick<Sandbox, 'file'>,
  /** Such as `8.4`. */
  series: string,
  fault?: 'die',
): { readonly options: Record<string, string>; readonly folder: string } {
  const install = (name: string) => {
    const settings = `STAND_IN_SERIES=${series} STAND_IN_FAULT=${fault ?? ''}`;
    const script = `#!/bin/sh\n${settings} exec ${process.execPath} ${join(FOLDER, `${name}.mjs`)} "$@"\n`;
    const path = sandbox.file(`xtrabackup-${series}${fault ?? ''}/${name}`, script);
    chmodSync(path, 0o755);
    return path;
  };
  const backup = install('xtrabackup');
  install('xbstream');
  return {
    options: { xtrabackup_binary: backup },
    folder: dirname(backup),
  };
}
