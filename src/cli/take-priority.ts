import type { Config } from '../config/config.ts';
import type { Doubt } from '../config/doubtful-files.ts';
import { findInPath } from '../process/find-in-path.ts';
import { installCommand } from '../process/install-command.ts';
import { setPriority } from '../process/priority.ts';

/** Has the programs of this process started as section [limits] says. Without ionice they are, but for that, as a copy is worth more: returns the doubt. */
export async function takePriority({ limits: { nice, ionice } }: Config): Promise<Doubt[]> {
  const isMissing = ionice !== undefined && (await findInPath('ionice')) === undefined;
  setPriority({ nice, ionice: isMissing ? undefined : ionice });
  if (!isMissing) return [];
  const message = `[limits] ionice has no effect: ionice is not installed. Install it: ${installCommand(['util-linux'])}`;
  return [{ state: 'ionice', message }];
}
