import { describe, expect, it } from 'vitest';
import { MEDIA } from '../copies/key.ts';
import { KINDS, openKind } from './kinds.ts';

describe.each(MEDIA)('the row of copies of type %s', (media) => {
  it('opens the kind of that name', async () => {
    const kind = await openKind(media);
    expect(kind.media).toBe(media);
    expect(Object.values(kind.formats).map((format) => format.kind)).toEqual([media, media]);
  });

  it('says whether its statuses have a section for each run type', async () => {
    const { formats } = await openKind(media);
    for (const { empty } of Object.values(formats))
      expect(Object.keys(empty).length > 0).toBe(KINDS[media].isPeriodic);
  });
});

it('gives no two kinds one status', async () => {
  const names = await Promise.all(
    MEDIA.map(async (media) => (await openKind(media)).formats.destination.name),
  );
  expect(new Set(names).size).toBe(MEDIA.length);
});
