import { Transform, type TransformCallback } from 'node:stream';
import { IntegrityError } from '../errors.ts';
import type { Stage } from './run-pipeline.ts';

/** Passes bytes on and errors instead of ending when there were none: a program may exit 0 with nothing written. */
class SomeBytes extends Transform {
  readonly #giver: string;
  #isEmpty = true;

  /** `giver`: who writes the bytes, for the message. */
  constructor(giver: string) {
    super({ highWaterMark: 1 << 20 });
    this.#giver = giver;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#isEmpty &&= chunk.length === 0;
    callback(null, chunk);
  }

  override _flush(callback: TransformCallback): void {
    callback(this.#isEmpty ? new IntegrityError(`${this.#giver} gave no data`) : null);
  }
}

/** An empty object restores nothing, and an empty stream that gpg encrypts does not even look empty. `fallback` names a stage that is no program. */
export function refuseNothing(stage: Stage, fallback: string): Stage[] {
  return [stage, new SomeBytes('command' in stage ? stage.command : fallback)];
}
