import { describe, expect, it } from 'vitest';
import { parseUnit } from './server-process.ts';

describe('the systemd unit of a process', () => {
  it.each([
    ['0::/system.slice/mariadb.service\n', 'mariadb'],
    ['0::/system.slice/system-mariadb.slice/mariadb@2.service\n', 'mariadb@2'],
    ['12:pids:/system.slice/x.service\n1:name=systemd:/system.slice/mysql.service\n', 'mysql'],
    ['0::/lxc/db1/system.slice/mysqld.service\n', 'mysqld'],
  ])('is read from %j', (cgroup, unit) => {
    expect(parseUnit(cgroup)).toBe(unit);
  });

  it.each([
    '0::/user.slice/user-0.slice/session-1.scope\n',
    '0::/user.slice/user-0.slice/user@0.service/app.slice/x.service\n',
    '0::/\n',
    '',
  ])('is none in %j', (cgroup) => {
    expect(parseUnit(cgroup)).toBeUndefined();
  });
});
