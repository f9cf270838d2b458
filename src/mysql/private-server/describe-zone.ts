import type { ServerSetup } from '../../copies/mysql-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { captureOutput } from '../../process/capture.ts';
import type { Queries } from '../server/session.ts';

/** A day in winter and one in summer: a zone has a name for each. */
const DAYS = ['2026-01-15', '2026-07-15'];

/**
 * What to tell, as a sentence, when the server that was backed up had another time zone as SYSTEM than this host has: a statement that was logged as such, with NOW() for a
 * DATETIME, writes the time of this host's zone then, and nobody notices. Undefined when it had the same, or nothing tells.
 */
export async function describeZone(
  server: Pick<Queries, 'variable'>,
  setup: ServerSetup | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const was = setup?.settings['system_time_zone'];
  const is = await server.variable('system_time_zone');
  if (was === undefined || is === undefined || was === is) return undefined;
  if ((await namesHere(signal)).includes(was)) return undefined;
  return (
    `The server had the time zone ${quoteLocation(was)}, and this host has ${quoteLocation(is)}: times that statements in the logs took from the clock come out in that of this host, ` +
    'unless their sessions had set time_zone. Recover on a host with the zone of the server to have them as they were'
  );
}

/** What the zone of this host, not of the terminal, is called over the year. */
async function namesHere(signal: AbortSignal): Promise<string[]> {
  const environment = { TZ: ':/etc/localtime' };
  const nameOn = async (day: string): Promise<string> =>
    (await captureOutput({ command: 'date', args: ['-d', day, '+%Z'], environment }, signal)).trim();
  return await Promise.all(DAYS.map(nameOn)).catch(() => {
    signal.throwIfAborted();
    return [];
  });
}
