import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { end, makeStream, payload, remove, rename } from '../../../test/fixtures/xbstream.ts';
import { IntegrityError } from '../../errors.ts';
import { XbstreamListing } from './xbstream-listing.ts';

async function list(stream: Buffer): Promise<[string, number][]> {
  const listing = new XbstreamListing();
  const chunks = Array.from({ length: Math.ceil(stream.length / 7) }, (_, at) =>
    stream.subarray(7 * at, 7 * at + 7),
  );
  await pipeline(Readable.from(chunks), listing);
  return [...listing.files];
}

it('lists the files of a stream as they are when it is unpacked: renamed, removed, empty ones', async () => {
  const stream = Buffer.concat([
    payload('old.ibd', 'x'.repeat(300)),
    end('old.ibd'),
    rename('old.ibd', 'new.ibd'),
    payload('gone.ibd', 'x'),
    end('gone.ibd'),
    remove('gone.ibd'),
    end('empty.ibd'),
  ]);
  expect(await list(stream)).toEqual([
    ['new.ibd', 300],
    ['empty.ibd', 0],
  ]);
});

it('refuses a stream that was cut short', async () => {
  const stream = makeStream({ from: 0, to: 5 });
  await expect(list(stream.subarray(0, -3))).rejects.toBeInstanceOf(IntegrityError);
});
