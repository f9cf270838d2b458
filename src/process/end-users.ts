import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** How often it is looked for what still runs, in milliseconds, and how many times. */
const LOOK_EACH_MS = 50;
const LOOKS = 100;

/**
 * Kills the programs that have a path below `folder` among their arguments, and waits until they are gone, at most a few seconds. The folder
 * must have a name that nothing else has.
 */
export async function endUsersOf(folder: string): Promise<void> {
  for (let look = 0; look < LOOKS; look++) {
    const users = await findUsers(folder);
    if (users.length === 0) return;
    for (const pid of users) kill(pid);
    await delay(LOOK_EACH_MS);
  }
}

async function findUsers(folder: string): Promise<number[]> {
  const users: number[] = [];
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const words = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (words.some((word) => word.includes(`${folder}/`))) users.push(pid);
  }
  return users;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile, or belongs to another account.
  }
}
