import { existsSync } from 'node:fs';
import type { Destination } from '../../src/destinations/destination.ts';

/** Where objects are kept during a test, and an eye on it that does not go through the driver. */
export interface Place {
  /** A fresh instance on this place; the suite disposes of it. */
  open(): Destination;
  /**
   * Whatever is half-written for `host`, one line each, looked up without the driver: every file in `.partial`,
   * every multipart upload under way. Empty when there is nothing.
   */
  leftovers(host: string): Promise<string[]>;
  /** Whether anything is under `key` now, looked up without the driver; where it costs little, for a millisecond. */
  sees(key: string): boolean | Promise<boolean>;
}

/**
 * Looks for a file for a millisecond. It does not let the program go on meanwhile, so that a file is seen before the
 * one who makes it hears that it is there.
 */
export function seesFile(path: string): boolean {
  const end = performance.now() + 1;
  while (!existsSync(path)) if (performance.now() > end) return false;
  return true;
}

/** Something that can go wrong with a place, or why it cannot with this driver; the reason shows in the report. */
export type Fault<T> = T | { readonly notPossible: string };

/** A server that can be made to vanish and to come back. */
export interface MortalServer {
  /** An instance that talks to this server; the suite disposes of it. */
  readonly destination: Destination;
  /** Ends the server and every connection to it at once. */
  kill(): Promise<void>;
  /** Brings it back with the objects it had; afterwards `Harness.open()` sees the same place as `destination` did. */
  revive(): Promise<void>;
}

/** What a driver's own test file provides, so that the one suite can judge the driver. */
export interface Harness extends Place {
  /** What `locate()` must put before `/KEY`. */
  readonly root: string;
  /** Texts that must never show in an error: secret keys, private keys. */
  readonly secrets: readonly string[];
  /**
   * Leaves something half-written where the driver keeps such things, as the run that chose `owner` with
   * `newPartialName()` would. Returns the line by which `leftovers()` shows it.
   */
  plant(host: string, owner: string): Promise<string>;
  /** The same place as `open()` `ms` milliseconds later, when nothing was written for `host` since; the suite disposes of it. */
  openLater(host: string, ms: number): Destination;
  /** The same place as `open()`, with credentials that the server refuses. */
  readonly wrongCredentials: Fault<() => Destination>;
  /** The same place as `open()`, whose server shows another key than the pinned one. */
  readonly wrongHostKey: Fault<() => Destination>;
  /** A place with room for 1 MiB but not for 64 MiB. */
  readonly full: Fault<() => Promise<Place>>;
  readonly serverGone: Fault<() => Promise<MortalServer>>;
  /**
   * The same place as `open()`, where the answer that an object is there comes late enough for `sees` to come first;
   * the suite disposes of it. Not needed where `sees` comes first without it.
   */
  readonly openSlow?: () => Promise<Destination>;
  /** Two writers that claim one key at once may both find it taken by the other one: what is there first decides nothing. */
  readonly mayBothGiveWay?: boolean;
  /** The server cannot replace an object in one step, so that for a moment nothing is under its key. */
  readonly replacesInSteps?: boolean;
}
