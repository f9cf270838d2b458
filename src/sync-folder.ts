import { open } from 'node:fs/promises';
import { hasCode } from './errors.ts';

/**
 * Makes the names in a folder durable: without it a rename may be lost with the power. False where the file system has no such call, as
 * some of networks. Throws the system's error otherwise.
 */
export async function syncFolder(path: string): Promise<boolean> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
    return true;
  } catch (error) {
    if (!hasCode(error, 'EINVAL', 'ENOTSUP')) throw error;
    return false;
  } finally {
    await folder.close();
  }
}
