import { createHash } from 'node:crypto';

/** Few operators give servers numbers in this half. */
const UPPER_HALF = 2 ** 31;

/**
 * A server id for the service that follows this server from this machine: the same after each start, so that a connection that was forgotten ends when the next
 * one is made, and another one on each machine.
 */
export function deriveServerId(machineId: string, server: string): number {
  const digest = createHash('sha256').update(`${machineId} ${server}`).digest();
  return UPPER_HALF + (digest.readUInt32LE(0) % (UPPER_HALF - 1));
}
