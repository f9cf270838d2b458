import { setTimeout as delay } from 'node:timers/promises';
import type { MysqlConfig } from '../../config/config.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { streamFolder } from '../../copies/streamed-part.ts';
import { ConfigError, describeError, InterruptedError, TwinDbError } from '../../errors.ts';
import { holdLock } from '../../lock/run-lock.ts';
import { connectMysql, type MysqlServer } from '../../mysql/server/server.ts';
import { describeStart } from '../../mysql/stream/decide-start.ts';
import { followLog } from '../../mysql/stream/follow-log.ts';
import type { LogBytes, LogPlace } from '../../mysql/stream/log-events.ts';
import { feedWatchdog } from '../../process/feed-watchdog.ts';
import type { JobContext } from '../job-context.ts';
import { findStart } from './find-start.ts';
import { PartStore } from './part-store.ts';
import { reportStream } from './report-stream.ts';
import { LogSealer } from './seal-logs.ts';
import { deriveServerId } from './server-id.ts';
import { Trouble } from './trouble.ts';
import { type LogEnd, watchServer } from './watch-server.ts';

/** How long to wait before a server is followed once more, in milliseconds; twice as long each time, up to the second. */
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;

/** How long one service waits for another one of this machine to end, in seconds. */
const LOCK_WAIT = 10;

interface StreamOptions {
  /** The lock of the runs of cron. */
  readonly lock: { readonly path: string };
  /** Aborts when the service is to end: what has come is stored then. The signal of the context aborts when there is no time left for that. */
  readonly stopping: AbortSignal;
}

/**
 * Stores the binary logs of the server in parts, as it writes them, until `stopping` aborts; logs that the server has closed are stored as a run of
 * cron does. Has no state of its own: each time that it begins, and each time that the connection was lost, it goes on behind what the
 * destination lists. Throws a TwinDbError for what only the operator can change, and tries all else again.
 */
export async function streamBinlog({ lock, stopping }: StreamOptions, context: JobContext): Promise<void> {
  const { mysql } = context.config;
  if (mysql === undefined) {
    throw new ConfigError(
      `${context.config.file}: there is no section [mysql], so there is no server to follow`,
      {
        remedy: 'Add it, with mysql_defaults_file.',
      },
    );
  }
  const ending = new AbortController();
  const signal = AbortSignal.any([context.signal, ending.signal]);
  await using _lock = await holdLock({
    path: `${lock.path}.stream`,
    holding: { what: 'the service that stores binary logs as they are written' },
    waitSeconds: LOCK_WAIT,
    signal,
    onLost: (error) => ending.abort(error),
  });
  const halted = AbortSignal.any([signal, stopping]);
  const sealer = new LogSealer({ lock, mysql }, { ...warnOnce(context), signal: halted });
  const store = new PartStore({ ...context, signal }, () => sealer.want());
  const progress = { isFollowing: false };
  const storing = store.run();
  const sealing = sealer.run();
  const reporting = reportStream(
    { isFollowing: () => progress.isFollowing, stored: () => store.stored },
    { ...context, signal: halted },
  );
  const watched = feedWatchdog(halted).catch((error: unknown) => {
    // systemd ends the service then, and starts it again.
    if (!halted.aborted)
      context.log.warn(`Cannot tell systemd that this service is alive: ${describeError(error)}`);
  });
  // Their ends are awaited below; until then nothing may be taken for unhandled.
  for (const work of [storing, sealing, reporting]) work.catch(() => undefined);
  try {
    await follow({ mysql, store, sealer, progress, halted }, { ...warnOnce(context), signal: halted });
  } catch (error) {
    if (!stopping.aborted || signal.aborted) throw error;
  } finally {
    // What has come is as good as it was, whatever has ended the following.
    try {
      await store.drain();
    } finally {
      ending.abort(new InterruptedError('SIGTERM'));
      await Promise.allSettled([storing, sealing, reporting, watched]);
    }
  }
}

interface Work {
  readonly mysql: MysqlConfig;
  readonly store: PartStore;
  readonly sealer: LogSealer;
  /** Told whether the server is followed. */
  readonly progress: { isFollowing: boolean };
  readonly halted: AbortSignal;
}

/** Follows the server until the signal aborts, and again whenever that fails. Throws what only the operator can change. */
async function follow({ mysql, store, sealer, progress, halted }: Work, context: JobContext): Promise<never> {
  const trouble = new Trouble(context.log);
  let pause = FIRST_RETRY_MS;
  let before: KnownServer | undefined;
  for (;;) {
    // Ends what was asked of a server that is followed no more: one that hangs would keep it for long.
    const end = new AbortController();
    try {
      await using server = await connectMysql(mysql, context.log, AbortSignal.any([halted, end.signal]));
      before = await compare(server, before, context);
      await warnOfClearText(server, context);
      await warnOfVersions(context);
      const start = await findStart(server, context);
      trouble.over('The server is followed again');
      const said = describeStart(start);
      if (said !== undefined) context.log[said.level](said.message);
      store.begin(server.identity);
      progress.isFollowing = true;
      const followed = {
        options: server.options,
        isMariadb: server.vendor === 'mariadb',
        serverId: context.config.stream.serverId ?? deriveServerId(context.machineId(), server.id),
      };
      await followWatched(
        server,
        followed,
        start.from,
        async (next) => {
          pause = FIRST_RETRY_MS;
          await store.add(next);
        },
        { halted, end },
      );
    } catch (error) {
      halted.throwIfAborted();
      if (error instanceof ConfigError) throw error;
      trouble.failed(error, 'It is tried again; the server has what is not stored in its own files.');
    }
    progress.isFollowing = false;
    // The next start goes by what is stored, so nothing may be on its way.
    await store.drain();
    await delay(pause, undefined, { signal: halted }).catch(() => halted.throwIfAborted());
    pause = Math.min(2 * pause, LAST_RETRY_MS);
    sealer.want();
  }
}

/** A server sends its log in the clear, as a replica needs it, however it is on its own disk. */
async function warnOfClearText(
  server: Pick<MysqlServer, 'variable'>,
  { config, warnLasting }: JobContext,
): Promise<void> {
  if (config.gpg !== undefined) return;
  // MariaDB's name, and MySQL's.
  for (const name of ['encrypt_binlog', 'binlog_encryption']) {
    if ((await server.variable(name))?.toUpperCase() !== 'ON') continue;
    warnLasting(
      'clear parts',
      'The server encrypts its binary logs on its disk, but sends them in the clear: their parts are not encrypted at the destination. ' +
        'Name a key to encrypt for in section [gpg]',
    );
  }
}

/** Parts are many, and each is deleted when its log is stored as a whole. */
async function warnOfVersions({ destination, host, warnLasting }: JobContext): Promise<void> {
  if (!(await destination.keepsVersions?.())) return;
  warnLasting(
    'versions',
    'The bucket keeps former versions of what is deleted (versioning, or Object Lock, which has it): the parts of binary logs stay there, ' +
      `and cost, when their logs are stored as a whole. Give it a lifecycle rule that removes former versions below ${quoteLocation(destination.locate(streamFolder(host)))}`,
  );
}

/** Hands on what the server sends, until `halted` aborts, and aborts `end` then. Throws when the server does not send what it writes. */
async function followWatched(
  server: MysqlServer,
  followed: Parameters<typeof followLog>[0],
  from: LogPlace,
  take: (next: LogBytes) => Promise<void>,
  { halted, end }: { readonly halted: AbortSignal; readonly end: AbortController },
): Promise<void> {
  const until = AbortSignal.any([halted, end.signal]);
  // A server that is asked for the beginning of a large log sends for long what is known.
  let at: LogEnd | undefined = from.position < 2 ** 32 ? from : undefined;
  const watching = watchServer(server, () => at, until).then(
    (problem) => end.abort(problem),
    // The signal has ended it.
    () => undefined,
  );
  try {
    for await (const next of followLog(followed, from, until)) {
      at = undefined;
      await take(next);
      at = { binlog: next.binlog, position: next.from + next.bytes.length };
    }
  } finally {
    end.abort(new TwinDbError('The server is followed no more'));
    await watching;
  }
}

/** What tells one start of a server from the next. */
interface KnownServer {
  readonly identity: string;
  /** Seconds it had been up, and when that was, in milliseconds of a clock that never jumps. */
  readonly uptime: number;
  readonly at: number;
  /** The number of our connection: a server counts them from its start. */
  readonly connection: number;
}

/** Says when the server is another one than before, or was restarted. */
async function compare(
  server: MysqlServer,
  before: KnownServer | undefined,
  { log }: JobContext,
): Promise<KnownServer> {
  const now = {
    identity: server.identity,
    uptime: Number(await server.status('Uptime')),
    at: performance.now(),
    connection: Number((await server.query<{ id: number | string }>('SELECT CONNECTION_ID() AS id'))[0]?.id),
  };
  if (before === undefined) return now;
  if (before.identity !== now.identity) {
    log.warn(
      'There is another server now, or this one has other data: its logs are stored beside those of before',
    );
  } else if (
    // A restart that took less than the clocks differ shows in the connections.
    now.connection <= before.connection ||
    now.uptime < before.uptime + (now.at - before.at) / 1000 - CLOCK_SECONDS
  ) {
    log.info('The server was restarted');
  }
  return now;
}

/** How far the two clocks may be apart, in seconds. */
const CLOCK_SECONDS = 2;

/** A state that lasts is said once by a service: what warns weekly in runs of cron would be said with each log. */
function warnOnce(context: JobContext): JobContext {
  const said = new Map<string, string>();
  return {
    ...context,
    warnLasting(state, message, essence = message) {
      const isNew = said.get(state) !== essence;
      said.set(state, essence);
      context.log[isNew ? 'warn' : 'debug'](message);
    },
  };
}
