import { expect, it } from 'vitest';
import { readServerVariables } from './server-variables.ts';

// From `mariadbd --verbose --help` of MariaDB 10.11, shortened.
const HELP = `mariadbd  Ver 10.11.19-MariaDB for debian-linux-gnu on x86_64

Default options are read from the following files in the given order:
/etc/my.cnf /etc/mysql/my.cnf ~/.my.cnf 
The following groups are read: mysqld server mysqld-10.11 mariadb
The following options may be given as the first argument:
--print-defaults          Print the program argument list and exit.
  -h, --datadir=name  Path to the database root directory

Variables (--variable-name=value)
------------------------------------------------------------ -------------
allow-suspicious-udfs                                        FALSE
datadir                                                      /srv/my data/
innodb-data-home-dir                                         (No default value)
port                                                         3306

To see what values a running server is using, type
'mariadb-admin variables' instead of 'mariadbd --verbose --help'.
`;

it('the settings of a server that is not running, and where it reads them, are those it prints', () => {
  const { values, optionFiles, groups } = readServerVariables(HELP);
  expect(values.get('datadir')).toBe('/srv/my data/');
  expect(values.get('port')).toBe('3306');
  expect(values.has('innodb-data-home-dir')).toBe(false);
  expect(optionFiles).toEqual(['/etc/my.cnf', '/etc/mysql/my.cnf']);
  expect(groups).toEqual(['mysqld', 'server', 'mysqld-10.11', 'mariadb']);
});

it('a text that is no such help has no settings', () => {
  expect(readServerVariables('mysqld: unknown option').values.size).toBe(0);
});
