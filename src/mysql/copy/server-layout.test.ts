import { expect, it } from 'vitest';
import { layoutOf } from './server-layout.ts';

it.each([
  ['[mysqld]\ndatadir = /srv/a # ours\n', '/srv/a'],
  ['[mysqld]\ndatadir="/srv/a#b"\n', '/srv/a#b'],
  ["[MySQLd ]\n datadir='/srv/a'\n", '/srv/a'],
  ['[mysqld]\ndatadir=/srv/dätä\n', '/srv/dätä'],
  ['[mysqld]\n#datadir=/a\n;datadir=/b\n', '/var/lib/mysql'],
  ['[ mysqld ]\ndatadir=/srv/a\n[mysqld2]\ndatadir=/srv/b\n', '/var/lib/mysql'],
])('without a recorded setup the data directory is what the option file says: %j', (text, datadir) => {
  const config = [{ '/etc/my.cnf': Buffer.from(text).toString('base64') }];
  expect(layoutOf(undefined, config).datadir).toBe(datadir);
});
