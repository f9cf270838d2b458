import { expect, it } from 'vitest';
import { describeError } from '../../errors.ts';
import type { MysqlOptions } from './defaults-file.ts';
import { missingPrivilege, queryError, quoteAccount } from './mysql-errors.ts';

const OPTIONS: MysqlOptions = {
  file: '/root/.my.cnf',
  user: 'backup',
  password: undefined,
  host: 'db1',
  port: 3306,
  socket: undefined,
  ssl: { mode: 'preferred', ca: undefined, cert: undefined, key: undefined, cipher: undefined },
  arguments: [],
};

it.each([
  ['Access denied; you need (at least one of) the RELOAD privilege(s) for this operation', 'RELOAD'],
  [
    'Access denied; you need (at least one of) the SUPER, BINLOG MONITOR privilege(s) for this operation',
    'BINLOG MONITOR',
  ],
  [
    'Access denied; you need (at least one of) the SUPER or BACKUP_ADMIN privilege(s) for this operation',
    'BACKUP_ADMIN',
  ],
])('of "%s" the narrowest privilege is named, with the statement that grants it', (message, privilege) => {
  const text = describeError(queryError(OPTIONS, 'backup@10.%', 'FLUSH', new Error(message)));
  expect(text).toContain(`Cannot run "FLUSH" on MySQL at db1:3306 as backup: missing privilege ${privilege}`);
  expect(text).toContain(`GRANT ${privilege} ON *.* TO 'backup'@'10.%';`);
});

it('another failure is not taken for a missing privilege', () => {
  expect(missingPrivilege("Access denied for user 'backup'@'db1'")).toBeUndefined();
  expect(describeError(queryError(OPTIONS, 'b@%', 'SELECT 1', new Error('Lost')))).toMatch(
    /as backup: Lost$/,
  );
});

it('an account is quoted for a statement', () => {
  expect(quoteAccount("o'b@x@%")).toBe("'o''b@x'@'%'");
});
