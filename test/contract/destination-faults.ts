import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Destination } from '../../src/destinations/destination.ts';
import { describeError, ObjectNotFoundError, StorageError, TwinDbError } from '../../src/errors.ts';
import { failureOf } from '../fixtures/failure.ts';
import { digest, digestOf, listKeys, MIB, makeBytes, store, untilClosed } from './bytes.ts';
import type { Stage } from './destination.ts';
import type { Fault } from './harness.ts';

const FAULT_TIMEOUT = { timeout: 130_000 };

/** The fault to try, or the end of this test with the reason why the driver cannot have it. */
function needFault<T>(fault: Fault<T>, skip: (note: string) => never): T {
  if (typeof fault === 'object' && fault !== null && 'notPossible' in fault) return skip(fault.notPossible);
  return fault;
}

/** Every error of a destination tells the operator what failed, and tells nobody a secret. */
function expectHonest(error: unknown, secrets: readonly string[]): void {
  expect(error).toBeInstanceOf(StorageError);
  expect(error).not.toBeInstanceOf(ObjectNotFoundError);
  const everything = inspect(error, { depth: 20, showHidden: true }) + describeError(error);
  for (const secret of secrets) expect(everything).not.toContain(secret);
}

function hasRemedy(error: unknown): boolean {
  for (let link = error; link instanceof Error; link = link.cause) {
    if (link instanceof TwinDbError && link.remedy) return true;
  }
  return false;
}

async function expectRefused(
  refused: Destination,
  { harness, destination, host }: Stage,
): Promise<unknown[]> {
  const key = `${host}/status`;
  await store(destination, key, 10, 1);
  const errors = [
    await failureOf(store(refused, key, MIB, 2)),
    await failureOf(digestOf(refused, key)),
    await failureOf(refused.stat(key)),
    await failureOf(listKeys(refused, `${host}/`)),
    await failureOf(refused.delete(key)),
    await failureOf(refused.sweep(host)),
  ];
  for (const error of errors) {
    expectHonest(error, harness.secrets);
    expect(hasRemedy(error)).toBe(true);
  }
  expect(await digestOf(destination, key)).toBe(await digest(makeBytes(10, 1)));
  return errors;
}

/** Everything that goes wrong outside this process. */
export function testFaults(stage: () => Stage): void {
  describe('faults', () => {
    test('wrong credentials: every operation fails with a remedy', FAULT_TIMEOUT, async ({ skip }) => {
      await using refused = needFault(stage().harness.wrongCredentials, skip)();
      await expectRefused(refused, stage());
    });

    test(
      'wrong host key: every operation fails, says why, and sends nothing',
      FAULT_TIMEOUT,
      async ({ skip }) => {
        await using refused = needFault(stage().harness.wrongHostKey, skip)();
        for (const error of await expectRefused(refused, stage()))
          expect(describeError(error)).toMatch(/host key/i);
      },
    );

    test(
      'a full destination: the write fails, what was there stays, nothing is left',
      FAULT_TIMEOUT,
      async ({ skip }) => {
        const { harness, host } = stage();
        const place = await needFault(harness.full, skip)();
        await using destination = place.open();
        const key = `${host}/daily/files/full`;
        await store(destination, key, 100_000, 1);
        const sink = destination.write(key);
        const closed = untilClosed(sink);
        const error = await failureOf(pipeline(Readable.from(makeBytes(64 * MIB, 2)), sink));
        await closed;
        expectHonest(error, harness.secrets);
        expect(describeError(error)).toMatch(/space|quota|full/i);
        expect(await place.leftovers(host)).toEqual([]);
        expect(await listKeys(destination, `${host}/`)).toEqual([key]);
        expect(await digestOf(destination, key)).toBe(await digest(makeBytes(100_000, 1)));
      },
    );

    test(
      'the server goes away during a write: an error, and nothing under the key',
      FAULT_TIMEOUT,
      async ({ skip }) => {
        const { harness, host } = stage();
        const server = await needFault(harness.serverGone, skip)();
        await using destination = server.destination;
        const key = `${host}/daily/files/cut`;
        const source = async function* (): AsyncGenerator<Buffer> {
          yield* makeBytes(20 * MIB, 1);
          await server.kill();
          yield* makeBytes(20 * MIB, 2);
        };
        const sink = destination.write(key);
        const closed = untilClosed(sink);
        const error = await failureOf(pipeline(Readable.from(source()), sink));
        await closed;
        expectHonest(error, harness.secrets);
        await server.revive();
        await using afterwards = harness.open();
        expect(await listKeys(afterwards, `${host}/`)).toEqual([]);
      },
    );

    test(
      'the server goes away during a read: an error, never an early end',
      FAULT_TIMEOUT,
      async ({ skip }) => {
        const { harness, host } = stage();
        const server = await needFault(harness.serverGone, skip)();
        await using destination = server.destination;
        const key = `${host}/daily/files/cut`;
        await store(destination, key, 64 * MIB, 1);
        const killing = async function* (): AsyncGenerator<Buffer> {
          let killed = false;
          for await (const chunk of destination.read(key) as AsyncIterable<Buffer>) {
            if (!killed) await server.kill();
            killed = true;
            yield chunk;
          }
        };
        const error = await failureOf(digest(killing()));
        expectHonest(error, harness.secrets);
        await server.revive();
        await using afterwards = harness.open();
        expect(await digestOf(afterwards, key)).toBe(await digest(makeBytes(64 * MIB, 1)));
      },
    );
  });
}
