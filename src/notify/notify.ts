import { setTimeout as delay } from 'node:timers/promises';
import type { NotifyConfig } from '../config/notify.ts';
import { describeError, TwinDbError } from '../errors.ts';
import { requestStatus } from '../http-request.ts';
import type { Log } from '../log.ts';
import { explainNetworkError } from '../network.ts';
import { type Event, type Notification, STYLES } from './styles.ts';

/** How long one request may take, in milliseconds. */
const LIMIT_MS = 10_000;

/** Pauses before the second and the third try, in milliseconds. */
const PAUSES_MS = [1000, 3000];

/** What the services take at least: ntfy makes a file of a longer message. Bytes. Source: ntfy, "Limitations". */
const MAX_MESSAGE = 4000;

const CUT = '\n…';

/** What stands for the placeholders of a URL. */
export interface Placeholders {
  readonly host: string;
  readonly runType: string;
}

/** How long one request may take when the process is to end, in milliseconds: less than what counts as stuck. */
const HASTE_MS = 3000;

/** How hard to try. Milliseconds. */
interface Patience {
  readonly limitMs: number;
  /** Before each further try. */
  readonly pausesMs: readonly number[];
}

const PATIENT: Patience = { limitMs: LIMIT_MS, pausesMs: PAUSES_MS };
const HASTY: Patience = { limitMs: HASTE_MS, pausesMs: [] };

/**
 * Tells the service of an event, if it is one that it wants. Never throws: a failure is a warning, as the work is done. The start,
 * and a run that the signal ends, are told in haste: the one would hold the run up, the other its end.
 */
export async function notify(
  config: NotifyConfig,
  event: Event,
  placeholders: Placeholders,
  log: Log,
  signal: AbortSignal,
  patience: Patience = PATIENT,
): Promise<void> {
  const fill = (template: string): URL =>
    new URL(
      template
        .replaceAll('{host}', encodeURIComponent(placeholders.host))
        .replaceAll('{run_type}', encodeURIComponent(placeholders.runType)),
    );
  const urls = {
    url: config.url && fill(config.url.reveal()),
    failureUrl: config.failureUrl && fill(config.failureUrl.reveal()),
  };
  const notification = STYLES[config.style]({ ...event, message: shorten(event.message) }, urls);
  if (notification === undefined) return;
  const failure =
    event.moment === 'start' || signal.aborted
      ? await sendPatiently(notification, HASTY)
      : await sendPatiently(notification, patience, signal);
  // The path is the secret of most services.
  const where = notification.url.host;
  if (failure === undefined) log.debug(`Told ${where} of the ${event.moment}`);
  else
    log.warn(
      `${where} was not told of the ${event.moment} of this run, which it does not affect: ${describeError(failure)}`,
    );
}

/** Cuts a message to what every service takes, not within a character. */
function shorten(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= MAX_MESSAGE) return message;
  // A character that was cut is left out.
  return (
    new TextDecoder().decode(bytes.subarray(0, MAX_MESSAGE - Buffer.byteLength(CUT)), { stream: true }) + CUT
  );
}

/** Tries until it is taken, further tries are of no use or the signal ends them; returns the last failure. */
async function sendPatiently(
  notification: Notification,
  { limitMs, pausesMs }: Patience,
  signal?: AbortSignal,
): Promise<TwinDbError | undefined> {
  for (let tries = 0; ; tries++) {
    const failure = await send(notification, limitMs, signal);
    const pause = pausesMs[tries];
    if (failure === undefined || failure.isFinal || pause === undefined) return failure?.error;
    await delay(pause, undefined, { signal }).catch(() => undefined);
    if (signal?.aborted) return failure.error;
  }
}

interface Failure {
  readonly error: TwinDbError;
  /** Whether another try would end in the same way. */
  readonly isFinal: boolean;
}

async function send(
  notification: Notification,
  limitMs: number,
  signal: AbortSignal | undefined,
): Promise<Failure | undefined> {
  const limit = AbortSignal.timeout(limitMs);
  let status: number;
  try {
    status = await requestStatus(notification, AbortSignal.any(signal ? [signal, limit] : [limit]));
  } catch (cause) {
    const reason = limit.aborted ? `no answer within ${limitMs / 1000} seconds` : explainNetworkError(cause);
    const error = new TwinDbError(reason ?? 'the request failed', {
      ...(reason === undefined && { cause }),
      remedy: 'Check the network and the URL in section [notify].',
    });
    return { error, isFinal: signal?.aborted ?? false };
  }
  if (status >= 200 && status < 300) return undefined;
  const isRedirect = status >= 300 && status < 400;
  const error = new TwinDbError(
    `it answers with HTTP ${status}${isRedirect ? ', which sends to another address' : ''}`,
    { remedy: 'Correct the URL in section [notify].' },
  );
  // Source: RFC 9110 and RFC 6585: what may pass.
  return { error, isFinal: status < 500 && status !== 408 && status !== 429 };
}
