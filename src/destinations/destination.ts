import type { Readable, Writable } from 'node:stream';

/** One object on a destination. */
export interface ObjectInfo {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly modified: Date;
}

/** How many bytes are about to come, as far as anyone can tell. */
export interface ExpectedSize {
  /** What does not hold this much need not be begun. */
  readonly likely: number;
  /** What a destination prepares for; more than this may come, and may then fail with an OutgrownError. */
  readonly atMost: number;
  /** What had come by the time at which an attempt of late failed with an OutgrownError. */
  readonly reached?: number | undefined;
}

/** Which key an object gets that must not replace anything. */
export interface Claim {
  /** The key to try after those that turned out to be taken; undefined: there is none, and the write ends with a ConflictError. */
  next(): string | undefined;
  /** Told before `finish` which key the object has. */
  claimed(key: string): void;
}

/** Gets the key of a folder, or of a link, that an account may not enter. */
export type OnClosed = (folder: string) => void;

/** Something that a run which has ended left half-written. */
export interface Leftover {
  /** What it is, and where. */
  readonly what: string;
  /** The command of a shell that removes it; undefined where its name would make it another one. */
  readonly command: string | undefined;
}

export interface WriteOptions {
  /** For a destination that has to plan by size (S3: parts); absent: nothing is known. */
  readonly expected?: ExpectedSize | undefined;
  /** Every run reads this object: it must not go to storage that is slow to read, such as S3's GLACIER. */
  readonly readOften?: true;
  /** The object gets a key that has none: the given one, or the next one that is free. Absent: it replaces what is there. */
  readonly claim?: Claim | undefined;
  /** The only version that may be replaced; where another one is there, or none, the write ends with a ConflictError. */
  readonly replaces?: Version | undefined;
  /** Warns of what is so with each copy of this source; absent: each time. `essence` is what of it does not change all the time. */
  readonly warnLasting?: (message: string, essence: string) => void;
}

/** What tells an object from a later one under the same key, as `ReadOptions.onVersion` was told; of one driver only. */
export type Version = string;

export interface ReadOptions {
  /** Told before the end which version was read. */
  readonly onVersion?: (version: Version) => void;
}

/**
 * A place that keeps copies under keys such as `db1/daily/files/_etc-2026-01-01_00_00_00.tar.gz`.
 *
 * Every method throws a StorageError that names the operation and the object and keeps the driver's own error as
 * its cause. Connections open on first use and stay open until the destination is disposed of.
 * The promises below are tested by one suite, `test/contract/destination.ts`, which every driver passes.
 */
export interface Destination extends AsyncDisposable {
  /** What the operator knows this place by, without a slash at the end; never a secret. */
  readonly url: string;

  /** What `ls` prints for a key: a full path or an `s3://` URL. */
  locate(key: string): string;

  /**
   * A stream that stores an object. `finish` means: durable, whole (its size was checked) and visible under `key`,
   * replacing what was there; at once, but for SFTP servers that cannot: there nothing is under the key for a moment.
   * Destroyed before that, nothing new is under `key` and nothing half-written is left after `close`. The first segment of the key is the host whose object this is.
   *
   * With `claim` it replaces nothing: of several writers at once each gets a key of its own, or a ConflictError. `replaces` is held to as exactly as the
   * location can: S3 compares and replaces in one step; on local disks and over SSH a moment is left between the two, so read back what must not be lost.
   */
  write(key: string, options?: WriteOptions): Writable;

  /** The object's bytes; errors with ObjectNotFoundError when there is none, and never ends early in silence. */
  read(key: string, options?: ReadOptions): Readable;

  /** What is under the key; undefined when nothing is. */
  stat(key: string): Promise<ObjectInfo | undefined>;

  /**
   * All objects whose key starts with `prefix`, in no particular order; nothing half-written. An absent folder is empty. A folder below
   * the one that is listed, which this account may not enter (`lost+found`), is an error without `onClosed`. With it the listing goes on
   * and leaves the folder out: `onClosed` gets its key, such as `db1/daily`, perhaps several times. What is in it is not known then, and
   * must not be taken for missing.
   */
  list(prefix: string, onClosed?: OnClosed): AsyncIterable<ObjectInfo>;

  /** Deleting an absent object succeeds. */
  delete(key: string): Promise<void>;

  /**
   * Gives an object another key, which nothing has; a ConflictError otherwise. Absent where that would mean to store it once more.
   */
  readonly move?: (from: string, to: string) => Promise<void>;

  /**
   * A URL under which anyone who has it can fetch the object for `seconds`, without further rights. Nothing is made
   * public. Absent where a place has no such thing.
   */
  readonly share?: (key: string, seconds: number) => Promise<string>;

  /** How many bytes there is room for; undefined when the place does not tell. Absent where a place has no end. */
  readonly room?: () => Promise<number | undefined>;

  /** Whether what is deleted stays as a former version, as where nothing may be taken away (Object Lock); undefined where that cannot be told. Absent where deleted is gone. */
  readonly keepsVersions?: () => Promise<boolean | undefined>;

  /**
   * Removes what runs of `host` that are no longer alive left half-written: partial files, multipart uploads.
   * What a live run is writing stays. Returns a line for each thing removed.
   */
  sweep(host: string): Promise<string[]>;

  /** What `sweep` would remove, which stays. */
  leftovers(host: string): Promise<Leftover[]>;
}
