import type { TransformCallback } from 'node:stream';
import { IntegrityError } from '../errors.ts';
import { type Digest, DigestMeter } from './digest.ts';

/** Passes bytes on and errors instead of ending when they are not the ones expected. */
export class DigestVerifier extends DigestMeter {
  readonly #expected: Partial<Digest>;

  constructor(expected: Partial<Digest>, onBytes?: (count: number) => void) {
    super(onBytes);
    this.#expected = expected;
  }

  override _flush(callback: TransformCallback): void {
    super._flush((error) => callback(error ?? this.#mismatch()));
  }

  #mismatch(): IntegrityError | null {
    const { size, sha256 } = this.#expected;
    if (size !== undefined && size !== this.digest.size) {
      return new IntegrityError(`it has ${this.digest.size} bytes instead of ${size}`);
    }
    if (sha256 !== undefined && sha256 !== this.digest.sha256) {
      return new IntegrityError(`its SHA-256 is ${this.digest.sha256}, the status says ${sha256}`);
    }
    return null;
  }
}
