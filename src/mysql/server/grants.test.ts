import { expect, it } from 'vitest';
import { grantsAny } from './grants.ts';

it('counts privileges on everything only, and by their names', () => {
  const wanted = ['SUPER', 'REPLICATION SLAVE ADMIN'];
  const has = (grant: string) =>
    grantsAny(`GRANT USAGE ON *.* TO a@b\n${grant} TO \`backup\`@\`localhost\``, wanted);
  expect(has('GRANT RELOAD, REPLICATION SLAVE ADMIN, SLAVE MONITOR ON *.*')).toBe(true);
  expect(has('GRANT ALL PRIVILEGES ON *.*')).toBe(true);
  expect(has('GRANT RELOAD, REPLICATION SLAVE ON *.*')).toBe(false);
  expect(has('GRANT ALL PRIVILEGES ON `d`.*')).toBe(false);
  expect(has('GRANT SELECT ON `SUPER`.*')).toBe(false);
});
