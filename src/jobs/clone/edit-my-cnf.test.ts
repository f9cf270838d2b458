import { describe, expect, it } from 'vitest';
import { editConfigs, findOption } from './edit-my-cnf.ts';

const GROUPS = ['mysqld', 'server'];
const file = (text: string, path = '/etc/mysql/my.cnf') => ({ path, text, mode: 0o644, owner: 'root:root' });

/** The texts after the server got the id 77. */
const edit = (...texts: string[]) =>
  editConfigs(
    texts.map((text, index) => file(text, `/etc/${index}.cnf`)),
    GROUPS,
    [{ name: 'server-id', value: '77' }],
  ).map(({ text }) => text);

describe('the configuration of a replica', () => {
  it('has the new value in place of the old one, and all comments', () => {
    const text = '# ours\n[mysqld]\n  server_id = 1   # the master\n; old\nport=3306\n';
    expect(edit(text)).toEqual(['# ours\n[mysqld]\n  server_id = 77   # the master\n; old\nport=3306\n']);
  });

  it.each([
    ['[mysqld]\nserver-id=1\n', '[mysqld]\nserver-id=77\n'],
    ['[server ]\nloose_server_id=1\n', '[server ]\nloose_server_id=77\n'],
    ['[MYSQLD]\nserver_id=1\n', '[MYSQLD]\nserver_id=77\n'],
    ['[mysqld]\nserver_id="1" # a # b\n', '[mysqld]\nserver_id=77 # a # b\n'],
    ['[mysqld]\r\nserver_id=1\r\n', '[mysqld]\r\nserver_id=77\r\n'],
    ['[mysqld]\nserver_id\n', '[mysqld]\nserver_id=77\n'],
    ['[mysqld]\nserver_id # a\n', '[mysqld]\nserver_id=77 # a\n'],
    ['[mysqld]\nserver_id = # a\n', '[mysqld]\nserver_id =77 # a\n'],
  ])('finds the option in %j', (text, expected) => {
    expect(edit(text)).toEqual([expected]);
  });

  it('has it wherever the option stands, as a later file overrides an earlier one', () => {
    expect(edit('[mysqld]\nserver_id=1\n', '[server]\nserver_id=2\n')).toEqual([
      '[mysqld]\nserver_id=77\n',
      '[server]\nserver_id=77\n',
    ]);
  });

  it('leaves `[ mysqld ]` alone, which no server reads', () => {
    const text = '[ mysqld ]\nserver_id=1\n';
    expect(edit(text)).toEqual([`${text}\n[mysqld]\nserver_id = 77\n`]);
  });

  it('gets the option below the first header of the server when it stands nowhere, or only in comments and other groups', () => {
    const other = '[client]\nserver_id=1\n[mysqldump]\n';
    expect(edit(other, '[mysqld]\n#server_id=1\nport=3306')).toEqual([
      other,
      '[mysqld]\nserver_id = 77\n#server_id=1\nport=3306',
    ]);
  });

  it('gets a group of its own when no file has one of the server', () => {
    expect(edit('!includedir /etc/mysql/conf.d/')).toEqual([
      '!includedir /etc/mysql/conf.d/\n[mysqld]\nserver_id = 77\n',
    ]);
  });

  it('keeps bytes that are no UTF-8', () => {
    const bytes = Buffer.from('[mysqld]\n# caf\xe9\nserver_id=1\n', 'latin1').toString('latin1');
    expect(Buffer.from(edit(bytes)[0] ?? '', 'latin1').includes(0xe9)).toBe(true);
  });

  it('is searched for the values of an option without its comments', () => {
    expect(findOption([file('[mysqld]\nbind_address = 192.0.2.1 # lan\n')], GROUPS, 'bind-address')).toEqual([
      '192.0.2.1',
    ]);
  });
});
