import { afterEach, beforeEach, describe } from 'vitest';
import type { Destination } from '../../src/destinations/destination.ts';
import { testAborts } from './destination-aborts.ts';
import { testClaims } from './destination-claims.ts';
import { testFaults } from './destination-faults.ts';
import { testKeys } from './destination-keys.ts';
import { testLists } from './destination-lists.ts';
import { testObjects } from './destination-objects.ts';
import { testShare } from './destination-share.ts';
import { testSweep } from './destination-sweep.ts';
import type { Harness } from './harness.ts';

/** What a test of the suite works with. */
export interface Stage {
  readonly harness: Harness;
  readonly destination: Destination;
  /** First segment of every key of this test; no other test uses it. */
  readonly host: string;
}

let hosts = 0;

/** All that is promised. */
const PARTS = [testObjects, testClaims, testLists, testKeys, testAborts, testSweep, testShare, testFaults];

/**
 * The promises of `src/destinations/destination.ts`, put to one driver. `harness` is called before each test and
 * may return the same place each time: every test keeps to a host of its own.
 */
export function testDestination(
  name: string,
  harness: () => Harness | Promise<Harness>,
  parts: readonly ((stage: () => Stage) => void)[] = PARTS,
): void {
  describe(`the ${name} destination`, () => {
    let stage: Stage;

    beforeEach(async () => {
      const current = await harness();
      const host = `db-${process.pid}-${Date.now()}-${hosts++}-`;
      stage = { harness: current, destination: current.open(), host };
    });

    afterEach(async () => {
      await stage.destination[Symbol.asyncDispose]();
    });

    for (const testPart of parts) testPart(() => stage);
  });
}
