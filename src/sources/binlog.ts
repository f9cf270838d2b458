import { createReadStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { TwinDbError } from '../errors.ts';
import { makeScratchFolder } from '../lock/scratch-folder.ts';
import type { Log } from '../log.ts';
import {
  type BinlogHeader,
  parseBinlogHeader,
  readBinlogHeader,
  readPrintedEvent,
} from '../mysql/binlog/binlog-header.ts';
import { type BinlogScan, BinlogScanner } from '../mysql/binlog/binlog-scanner.ts';
import type { ClosedBinlog } from '../mysql/binlog/binlogs.ts';
import { redactSecrets } from '../mysql/server/blank-secrets.ts';
import { missingPrivilege } from '../mysql/server/mysql-errors.ts';
import type { MysqlServer } from '../mysql/server/server.ts';
import { isOnThisHost } from '../mysql/server/server-process.ts';
import { runPipeline } from '../pipeline/run-pipeline.ts';
import { findFirstInPath } from '../process/find-in-path.ts';
import type { Program } from '../process/program.ts';
import type { Source } from './source.ts';

type Server = Pick<MysqlServer, 'variable' | 'options' | 'flavour'>;

interface Options {
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** What is known of a binary log. */
export interface BinlogFacts extends BinlogHeader {
  /** What is in the log, when its stream has ended. */
  readonly scan: BinlogScan;
}

/** The bytes of a closed binary log; what its header says is known from the start. Disposing removes what was fetched. */
export type BinlogSource = Source<BinlogFacts> & AsyncDisposable;

/**
 * Opens a closed log: its file where that can be read, else what the server sends of it as it does to a replica. The
 * latter is fetched whole into a private folder first, which takes the log's size there. Throws a TwinDbError when the log
 * is not there, or not whole.
 */
export async function openBinlogSource(
  closed: ClosedBinlog,
  server: Server,
  options: Options,
): Promise<BinlogSource> {
  if (await isReadable(closed, server)) return await openFile(closed.path, closed, async () => undefined);
  options.log.debug(`${closed.path} cannot be read here: the server is asked for it`);
  const { path, [Symbol.asyncDispose]: remove } = await makeScratchFolder('binlog');
  try {
    await fetchInto(path, closed, server, options);
    return await openFile(prefixIn(path) + closed.name, closed, remove);
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * When a closed log was begun, in seconds since the epoch, without fetching all of it. Throws a TwinDbError when the log is
 * not there, or none.
 */
export async function readTimeCreated(
  closed: ClosedBinlog,
  server: Server,
  options: Options,
): Promise<number> {
  if (await isReadable(closed, server)) return (await readBinlogHeader(closed.path)).timeCreated;
  // Its first event ends behind any position that is asked for, so it is the only one.
  const chunks: Buffer[] = [];
  const keep = new Writable({ write: (chunk: Buffer, _encoding, done) => done(void chunks.push(chunk)) });
  await runPipeline([await askServer(closed, server, ['--stop-position=5'], options), keep], options.signal);
  const event = readPrintedEvent(Buffer.concat(chunks).toString('latin1'));
  if (event.length === 0) {
    // An option such as base64-output may keep the program from printing it.
    await using source = await openBinlogSource(closed, server, options);
    return source.facts().timeCreated;
  }
  return parseBinlogHeader(event, `The binary log ${closed.name} of the server`).timeCreated;
}

/**
 * Whether a listed log has no bytes: the server could not open its file, and none that can be read here has any. Not being able to
 * open it may pass, for instance where the server has too many files open.
 */
export async function isMissing(closed: ClosedBinlog, server: Server): Promise<boolean> {
  if (closed.size > 0) return false;
  return !(await isReadable(closed, server)) || (await stat(closed.path)).size === 0;
}

async function isReadable({ path }: ClosedBinlog, server: Server): Promise<boolean> {
  if (!(await isOnThisHost(server))) return false;
  return await access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}

async function openFile(
  path: string,
  { name, size }: ClosedBinlog,
  release: () => Promise<void>,
): Promise<BinlogSource> {
  const header = await readBinlogHeader(path);
  const { size: actual } = await stat(path);
  if (actual < size) {
    throw new TwinDbError(`The binary log ${path} has ${actual} bytes, and the server says ${size}`);
  }
  const scanner = new BinlogScanner();
  return {
    title: name,
    open: () => Promise.resolve(Readable.from(scanFile(path, scanner), { objectMode: false })),
    size: actual,
    facts: () => ({ ...header, scan: scanner.result() }),
    [Symbol.asyncDispose]: release,
  };
}

async function* scanFile(path: string, scanner: BinlogScanner): AsyncGenerator<Buffer> {
  for await (const bytes of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    scanner.feed(bytes);
    yield bytes;
  }
}

/**
 * What the names of fetched files begin with. The program calls a file as the server says within the stream, whatever was asked for:
 * a `..` in that must not become a segment of the path, and the folder has no folders.
 */
function prefixIn(folder: string): string {
  return join(folder, 'log-');
}

/** The server sends a log's events in the clear, also those of a log that is encrypted on its disk. */
async function fetchInto(
  folder: string,
  closed: ClosedBinlog,
  server: Server,
  options: Options,
): Promise<void> {
  const raw = ['--raw', `--result-file=${prefixIn(folder)}`];
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  await runPipeline([await askServer(closed, server, raw, options), nowhere], options.signal);
}

async function askServer(
  { name }: ClosedBinlog,
  { options, flavour }: Server,
  more: readonly string[],
  { log }: Options,
): Promise<Program> {
  return {
    command: await findFirstInPath(flavour.binlogPrograms),
    args: [
      `--defaults-file=${options.file}`,
      ...options.arguments,
      '--read-from-remote-server',
      ...more,
      '--',
      name,
    ],
    debianPackage: flavour.clientPackage,
    redact: redactSecrets,
    onStderrLine: (line) => log.debug(line),
    remedyFor: ({ stderr }) => {
      const missing = missingPrivilege(stderr.join('\n'));
      return (
        missing && `Grant the backup user the privilege ${missing} ON *.*, or let root read the binary logs.`
      );
    },
  };
}
