import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import { captureOutput } from '../../process/capture.ts';
import { runCommand } from '../../process/run-command.ts';
import { findServiceManager, managerWords } from '../clone/service-manager.ts';

/** Under these names packages have the service of a server, where the copy does not say which it is. */
const USUAL = ['mariadb', 'mysql', 'mysqld'];

/**
 * Starts the server of this host by its service manager. `unit` was recorded with the copy where `isRecorded`, and no other one is started then. Throws
 * a TwinDbError that says what there is no manager for, and the ProcessError of one that fails.
 */
export async function startService(unit: string, isRecorded: boolean, signal: AbortSignal): Promise<void> {
  const host = {
    capture: ([command = '', ...args]: readonly string[]) => captureOutput({ command, args }, signal),
  };
  const manager = await findServiceManager(host, isRecorded ? [unit] : [...new Set([unit, ...USUAL])]);
  if (manager.kind === 'plain') {
    throw new TwinDbError(`This host has no service ${quoteLocation(unit)}`, {
      remedy: 'Start the server as you usually do.',
    });
  }
  const [command, ...args] = managerWords(manager, 'start');
  await runCommand({ command, args }, signal);
}
