/** Headers and contents come in blocks of this size. Source: POSIX.1-2017, pax, "ustar Interchange Format". */
const BLOCK = 512;

/** Where a header has the size of what follows it, in octal, and its type. Source: the same. */
const SIZE = { start: 124, end: 136 };
const TYPE = 156;

/** Types of what describes the next member or the archive. Source: pax (x, g), and GNU tar's src/tar.h (K, L: long names, V: label). */
const ABOUT_OTHERS = ['x', 'g', 'K', 'L', 'V'];

/** Types of folders; D lists what is in one, for GNU tar's own incremental archives. */
const FOLDER = ['5', 'D'];

/**
 * Looks at the beginning of a tar archive, until it shows whether there is more in it than one folder. Nothing is copied but a header
 * that comes in pieces.
 */
export class FirstMembers {
  #header = Buffer.alloc(0);
  /** Bytes to pass over before the next header. */
  #skip = 0;
  #hasFolder = false;
  #isEmpty: boolean | undefined;

  /** Whether the archive has one member, a folder; undefined before that has shown, and when the beginning cannot be understood. */
  get isEmpty(): boolean | undefined {
    return this.#isEmpty;
  }

  /** Takes the next bytes of the archive. */
  take(chunk: Buffer): void {
    let rest = chunk;
    while (this.#isEmpty === undefined && rest.length > 0) {
      const passed = Math.min(this.#skip, rest.length);
      this.#skip -= passed;
      rest = rest.subarray(passed);
      const missing = BLOCK - this.#header.length;
      this.#header = Buffer.concat([this.#header, rest.subarray(0, missing)]);
      rest = rest.subarray(missing);
      if (this.#header.length < BLOCK) return;
      this.#read(this.#header);
      this.#header = Buffer.alloc(0);
    }
  }

  #read(header: Buffer): void {
    const type = String.fromCharCode(header[TYPE] ?? 0);
    // A label's has no digit.
    const size = Number(`0o0${header.toString('latin1', SIZE.start, SIZE.end).replaceAll(/[\0 ]/g, '')}`);
    if (header.every((byte) => byte === 0)) this.#isEmpty = this.#hasFolder;
    else if (ABOUT_OTHERS.includes(type)) this.#pass(size);
    else if (this.#hasFolder || !FOLDER.includes(type)) this.#isEmpty = false;
    else {
      this.#hasFolder = true;
      this.#pass(size);
    }
  }

  #pass(size: number): void {
    // Only contents of gigabytes have a size in another form: those are no emptiness.
    if (Number.isNaN(size)) this.#isEmpty = false;
    else this.#skip = Math.ceil(size / BLOCK) * BLOCK;
  }
}
