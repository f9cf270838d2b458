import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Flavour } from '../../mysql/flavours.ts';
import { findServer } from '../../mysql/private-server/find-server.ts';
import { chooseAccount, requireEntry } from '../../mysql/private-server/server-account.ts';

/**
 * Makes sure, before hours of fetching, that this host has a server for a copy, and that its account may enter the folder above `folder`. What the server
 * needs beside that shows when it is started. Throws a TwinDbError that says what is missing.
 */
export async function requireServer(flavour: Flavour, folder: string, signal: AbortSignal): Promise<void> {
  await findServer(flavour, signal);
  // It is the one of whom the prepared data will be.
  const account = await chooseAccount(folder, signal);
  if (account !== undefined) await requireEntry(account, dirname(await realpath(folder)), signal);
}
