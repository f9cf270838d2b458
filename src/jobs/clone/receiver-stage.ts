import { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { RemoteCommand } from '../../ssh/remote-command.ts';

/** How long the other side may take to say why it stopped reading, in milliseconds. */
const CAUSE_GRACE_MS = 5000;

interface ReceiverStageOptions {
  readonly command: RemoteCommand;
  /** Takes the bytes to the command: its stdin, or a socket. */
  readonly pipe: Writable;
  /** Rejects unless the command has ended well. `isSent`: whether that could be expected, as everything had been sent. */
  readonly check: (isSent: boolean) => Promise<void>;
}

/**
 * The last stage of a pipeline whose end is on another host: `finish` means that the command there has taken everything and has
 * succeeded. A command that ends before is an error at once. Destroying hangs up, and `close` comes when the channel is shut.
 */
export class ReceiverStage extends Writable {
  readonly #options: ReceiverStageOptions;
  #isSent = false;

  constructor(options: ReceiverStageOptions) {
    super({ highWaterMark: 1 << 20 });
    this.#options = options;
    const { command, pipe } = options;
    const explain = () => void this.#explain();
    command.ended.then(explain, explain);
    // Broken: the command over there will say why; if it does not even notice, it is ended.
    pipe.on('error', () => void delay(CAUSE_GRACE_MS, undefined, { ref: false }).then(() => command.close()));
  }

  async #explain(): Promise<void> {
    if (this.#isSent || this.destroyed) return;
    try {
      await this.#options.check(false);
      throw new Error('the other side ended too early');
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    // After an error the callback stays uncalled: `destroy` with the cause follows.
    this.#options.pipe.write(chunk, (error) => {
      if (!error) callback();
    });
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#isSent = true;
    this.#options.pipe.end();
    this.#options.check(true).then(
      () => callback(),
      (error: Error) => callback(error),
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const { pipe, command } = this.#options;
    if (pipe !== command.stdin) pipe.destroy();
    command.close().then(
      () => callback(error),
      (failure: Error) => callback(error ?? failure),
    );
  }
}
