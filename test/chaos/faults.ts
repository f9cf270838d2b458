/** What is done at a chosen call of a run; `inject.mjs` does it. */
export interface Injection {
  /** Which calls count, as a regular expression of their names: `fs.open`, `handle.sync`, `sftp.rename`, `http.PUT`, `spawn.tar`, `sql.query`. */
  readonly calls: string;
  readonly do:
    | 'kill-before'
    | 'kill-after'
    /** When a request has left, and before its answer has come. */
    | 'kill-sent'
    /** The call fails with `code`; of SFTP with the status "Failure". */
    | 'error'
    /** Only half of the bytes are written, which a call may do. */
    | 'short'
    /** A request's connection is reset before the answer. */
    | 'reset'
    /** The server has done what was asked, and the connection is reset. */
    | 'lose-answer'
    /** The program that was just started is killed. */
    | 'kill-child'
    /** This process gets the signal `code`. */
    | 'signal'
    /** The clock goes `ms` forward or back, and stays there. */
    | 'clock';
  readonly code?: string;
  readonly ms?: number;
  /** From that call on, each one. */
  readonly lasts?: boolean;
}

/** What the proxy in front of S3 or sshd does at a chosen point of the traffic. */
export type NetworkFault =
  /** The connection ends before the server has seen the request. */
  | 'cut'
  /** The server has done what was asked; the answer is lost. */
  | 'cut-answer'
  /** Half of the answer comes. */
  | 'half-answer'
  /** The server ends its direction, and says nothing more. */
  | 'half-close'
  /** Nothing for two seconds, then the connection ends. */
  | 'stall'
  /** S3: 503 SlowDown once. */
  | 'slow-down';

/** A row of the table: one kind of fault, which is put at each of its points. */
export interface Fault {
  /** As it is called in the table and in CHAOS_POINT. */
  readonly name: string;
  /** Its points are the calls that `calls` matches, in the order of an undisturbed run. */
  readonly injection?: Injection;
  /** One more, so many matching calls after the first one. */
  readonly second?: Injection & { readonly nth: number };
  /** Instead: its points are requests (S3), or parts of the traffic (SSH). */
  readonly network?: NetworkFault;
  /** What is put in the way of the run after it, at a call chosen by the seed. */
  readonly nextRun?: Injection;
  /** How many points of each scene are tried; all by default. Those that are left out are chosen by the seed. */
  readonly points?: number;
  /** The run cleans up before it ends. */
  readonly leavesNothing?: true;
}

const ANY = '.';
/** What changes something, on this machine or elsewhere. */
const CHANGES =
  '\\.(open|write|writev|writeFile|appendFile|rename|unlink|mkdir|rmdir|link|sync|fsync|utimes|chmod|close|PUT|POST|DELETE|query|ext_openssh_.*)$|^spawn';
/** What a full or read-only disk refuses. */
const WRITES = '^(fs|handle)\\.(open|write|writev|writeFile|appendFile|mkdir|sync|truncate)$';
const NAMES = '^fs\\.(open|mkdir|rename|unlink|rmdir|link|writeFile)$';
const FILES = '^(fs|handle)\\.';
const HTTP = '^http\\.';
const SFTP = '^sftp\\.';
const SPAWN = '^spawn\\.';
const HOUR = 3_600_000;

/** One row is one fault: what `make chaos` puts in the way, and where. */
export const FAULTS: readonly Fault[] = [
  { name: 'killed before a call', injection: { calls: ANY, do: 'kill-before' } },
  { name: 'killed after a call that changes something', injection: { calls: CHANGES, do: 'kill-after' } },
  { name: 'killed while a request is under way', injection: { calls: HTTP, do: 'kill-sent' } },
  { name: 'EIO once', injection: { calls: FILES, do: 'error', code: 'EIO' } },
  {
    name: 'EIO from then on',
    injection: { calls: FILES, do: 'error', code: 'EIO', lasts: true },
    points: 40,
  },
  {
    name: 'ENOSPC from then on',
    injection: { calls: WRITES, do: 'error', code: 'ENOSPC', lasts: true },
    points: 40,
  },
  { name: 'EDQUOT once', injection: { calls: WRITES, do: 'error', code: 'EDQUOT' }, points: 30 },
  {
    name: 'EROFS from then on',
    injection: { calls: `${WRITES}|${NAMES}`, do: 'error', code: 'EROFS', lasts: true },
    points: 30,
  },
  { name: 'EACCES once', injection: { calls: NAMES, do: 'error', code: 'EACCES' }, points: 40 },
  { name: 'short write', injection: { calls: '^handle\\.write$|^fs\\.write$', do: 'short' }, points: 10 },
  { name: 'SFTP: Failure once', injection: { calls: SFTP, do: 'error' } },
  { name: 'SFTP: Failure from then on', injection: { calls: SFTP, do: 'error', lasts: true }, points: 30 },
  { name: 'request reset', injection: { calls: HTTP, do: 'reset' } },
  { name: 'answer lost', injection: { calls: HTTP, do: 'lose-answer' } },
  { name: 'program cannot be started (EAGAIN)', injection: { calls: SPAWN, do: 'error', code: 'EAGAIN' } },
  { name: 'program killed', injection: { calls: SPAWN, do: 'kill-child' } },
  {
    name: 'SIGTERM',
    injection: { calls: ANY, do: 'signal', code: 'SIGTERM' },
    points: 40,
    leavesNothing: true,
  },
  {
    name: 'SIGINT',
    injection: { calls: ANY, do: 'signal', code: 'SIGINT' },
    points: 20,
    leavesNothing: true,
  },
  {
    name: 'SIGHUP',
    injection: { calls: ANY, do: 'signal', code: 'SIGHUP' },
    points: 10,
    leavesNothing: true,
  },
  {
    name: 'SIGTERM, then killed while cleaning up',
    injection: { calls: ANY, do: 'signal', code: 'SIGTERM' },
    second: { calls: ANY, nth: 3, do: 'kill-before' },
    points: 30,
  },
  {
    name: 'EIO, then killed',
    injection: { calls: FILES, do: 'error', code: 'EIO' },
    second: { calls: ANY, nth: 4, do: 'kill-before' },
    points: 30,
  },
  {
    name: 'EIO twice',
    injection: { calls: FILES, do: 'error', code: 'EIO' },
    second: { calls: FILES, nth: 2, do: 'error', code: 'EIO' },
    points: 30,
  },
  {
    name: 'killed, and the next run as well',
    injection: { calls: ANY, do: 'kill-before' },
    nextRun: { calls: ANY, do: 'kill-before' },
    points: 40,
  },
  { name: 'clock steps back 2 hours', injection: { calls: ANY, do: 'clock', ms: -2 * HOUR }, points: 15 },
  { name: 'clock steps forward a day', injection: { calls: ANY, do: 'clock', ms: 24 * HOUR }, points: 15 },
  { name: 'proxy: cut', network: 'cut' },
  { name: 'proxy: answer cut', network: 'cut-answer' },
  { name: 'proxy: half an answer', network: 'half-answer' },
  { name: 'proxy: half-closed', network: 'half-close', points: 15 },
  { name: 'proxy: stalls for 2 s', network: 'stall', points: 10 },
  { name: 'proxy: 503 once', network: 'slow-down', points: 15 },
];
