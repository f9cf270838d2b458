import { expect, it } from 'vitest';
import { BINLOG_STATUS } from '../kinds/binlog.ts';
import { rememberChanges } from './own-changes.ts';

it('the effort grows with the number of entries and of removals, not with their product', async () => {
  const most = 500;
  let asked = 0;
  const keys = Array.from(
    { length: most },
    (_, index) => `db1/binlog/mysql-bin.${String(index).padStart(6, '0')}`,
  );
  const changes = rememberChanges({
    ...BINLOG_STATUS,
    keyOf(objectKey) {
      asked += 1;
      return BINLOG_STATUS.keyOf(objectKey);
    },
  });
  const before = { status: BINLOG_STATUS.empty, deletions: [] };
  const listed = Object.fromEntries(keys.map((key) => [key, { time_created: 1 }]));
  changes.note(before, { status: listed, deletions: [] });
  const isThere = () => Promise.reject(new Error('an expired copy is not looked for'));
  // Another run has ordered all of them to be deleted.
  const stored = { status: BINLOG_STATUS.empty, deletions: keys.map((key) => `${key}.gz`) };
  expect(await changes.complete(stored, isThere)).toBe(stored);
  expect(asked).toBe(most);
});
