import { setTimeout as delay } from 'node:timers/promises';
import { runCommand } from './run-command.ts';

/**
 * Tells systemd that this process is alive, twice in each interval that it wants to be told in, until the signal aborts, whose reason it throws. Returns
 * at once where nothing watches. Node has no datagram sockets of the kind that sd_notify takes, so a program of systemd does it: the unit needs
 * NotifyAccess=all. Throws the ProcessError of that program. Source: sd_watchdog_enabled(3), systemd-notify(1).
 */
export async function feedWatchdog(signal: AbortSignal, environment = process.env): Promise<void> {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: interval, WATCHDOG_PID: watched } = environment;
  const microseconds = Number(interval);
  const isOurs = watched === undefined || Number(watched) === process.pid;
  if (!socket || !(microseconds > 0) || !isOurs) return;
  const program = {
    command: 'systemd-notify',
    // It would wait until systemd has taken the message, which says nothing of us.
    args: ['--no-block', 'WATCHDOG=1'],
    environment: { NOTIFY_SOCKET: socket },
    debianPackage: 'systemd',
  };
  for (;;) {
    await runCommand(program, signal);
    await delay(microseconds / 2000, undefined, { signal });
  }
}
