import { Duplex, type Readable, type Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ProcessError } from '../errors.ts';
import { type Child, isBrokenPipe, startChild } from './child.ts';
import type { Program } from './program.ts';

/** How long the cause of a broken pipe is waited for, in milliseconds; it has usually shown itself already. */
const CAUSE_GRACE_MS = 2000;

/** Bytes that may wait for the first program to take them. */
const BUFFERED = 1 << 20;

/** Which ends of the chain the pipeline holds. */
interface ChainEnds {
  readonly readable: boolean;
  readonly writable: boolean;
}

/**
 * Neighbouring programs as one stream. They are joined by the operating system, so that the bytes between them never
 * pass through JavaScript.
 *
 * The stdout of a program ends cleanly even when the program fails, so the two promises that make a copy whole are
 * kept here: the readable side ends, and the writable side finishes, only after every program of the chain has
 * succeeded; otherwise the stream errors with the ProcessError of the program that failed first. Destroying the
 * stream ends all programs; `close` comes when none is left.
 */
export class ProgramStream extends Duplex {
  readonly #programs: readonly Program[];
  readonly #ends: ChainEnds;
  #children: Child[] = [];
  /** Chunks that the first program has not taken yet. */
  #waiting = 0;
  #onTaken: (() => void) | undefined;

  constructor(programs: readonly Program[], ends: ChainEnds) {
    super({ ...ends, allowHalfOpen: true, readableHighWaterMark: 1 << 20, writableHighWaterMark: 1 << 20 });
    this.#programs = programs;
    this.#ends = ends;
  }

  override _construct(callback: (error?: Error | null) => void): void {
    try {
      this.#start();
    } catch (error) {
      callback(error as Error);
      return;
    }
    callback();
  }

  #start(): void {
    const last = this.#programs.length - 1;
    for (const [index, program] of this.#programs.entries()) {
      const previous = this.#children[index - 1];
      const upstream = previous?.process.stdout ?? (this.#ends.writable ? 'pipe' : 'ignore');
      const child = startChild(program, upstream, index < last || this.#ends.readable ? 'pipe' : 'ignore');
      // The next program now holds the read end; ours must go in this same tick, before it takes any bytes.
      previous?.process.stdout?.destroy();
      this.#children.push(child);
      void child.failure.then((failure) => this.#onEnd(child, failure));
      if (child.process.pid === undefined) break;
    }
    this.#wireStdin();
    this.#wireStdout();
  }

  get #stdin(): Writable | null | undefined {
    return this.#ends.writable ? this.#children[0]?.process.stdin : undefined;
  }

  get #stdout(): Readable | null | undefined {
    return this.#ends.readable ? this.#children.at(-1)?.process.stdout : undefined;
  }

  #wireStdin(): void {
    // EPIPE is a symptom: the program's own end tells why it stopped reading.
    this.#stdin?.on('error', (cause) => void this.#explain(this.#children[0], cause));
  }

  #wireStdout(): void {
    const stdout = this.#stdout;
    stdout?.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stdout.pause();
    });
    stdout?.on('error', (cause) => this.destroy(cause));
    stdout?.on('end', () => void this.#whenAllSucceeded(() => this.destroyed || this.push(null)));
  }

  /** Calls `done` when every program has succeeded and has taken all that waited for it. A failure destroys this stream, see #onEnd. */
  async #whenAllSucceeded(done: () => void): Promise<void> {
    const failures = await this.#failures();
    if (failures.length > 0) return;
    // A program may exit 0 with something unread: then `destroy` with that follows instead.
    if (this.#waiting === 0) done();
    else this.#onTaken = done;
  }

  async #failures(): Promise<ProcessError[]> {
    const ends = await Promise.all(this.#children.map((child) => child.failure));
    return ends.filter((failure) => failure !== undefined);
  }

  #onEnd(child: Child, failure: ProcessError | undefined): void {
    if (failure === undefined || this.destroyed) return;
    if (isBrokenPipe(failure)) void this.#explain(child, failure);
    else this.destroy(failure);
  }

  /** Destroys the stream with the failure of the programs from `child` on that explains a broken pipe, if there is one. */
  async #explain(child: Child | undefined, symptom: Error): Promise<void> {
    const downstream = this.#children.slice(child === undefined ? 0 : this.#children.indexOf(child));
    const ends = Promise.all(downstream.map((each) => each.failure));
    const settled = await Promise.race([
      ends,
      delay(CAUSE_GRACE_MS, [] as (ProcessError | undefined)[], { ref: false }),
    ]);
    const failures = settled.filter((failure) => failure !== undefined);
    const cause = failures.find((failure) => !isBrokenPipe(failure)) ?? failures.at(-1);
    if (this.destroyed) return;
    const command = child?.program.command ?? 'The program';
    const stopped = new ProcessError(
      `${command} stopped reading before the end of its input`,
      { exitCode: null, signal: null, stderr: [] },
      { cause: symptom },
    );
    this.destroy(cause ?? (symptom instanceof ProcessError ? symptom : stopped));
  }

  override _read(): void {
    this.#stdout?.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    const stdin = this.#stdin;
    this.#waiting += 1;
    stdin?.write(chunk, (error) => {
      // Not always with an `error` event: Node destroys the stdin of a program that has ended.
      if (error) void this.#explain(this.#children[0], error);
      else this.#waiting -= 1;
      if (this.#waiting === 0) this.#onTaken?.();
    });
    // The next chunk may come while this one is on its way. On EPIPE the callback stays uncalled: `destroy` with the cause
    // follows and settles the pipeline.
    if ((stdin?.writableLength ?? 0) < BUFFERED) callback();
    else stdin?.once('drain', () => callback());
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#stdin?.end();
    if (this.#ends.readable) callback();
    else void this.#whenAllSucceeded(callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const killed = this.#children.map((child) => child.kill());
    this.#stdin?.destroy();
    this.#stdout?.destroy();
    void Promise.all(killed)
      .then(() => this.#releaseUnstarted())
      .then(
        () => callback(error),
        (failure: Error) => callback(error ?? failure),
      );
  }

  async #releaseUnstarted(): Promise<void> {
    for (const program of this.#programs.slice(this.#children.length)) await program.release?.();
  }
}
