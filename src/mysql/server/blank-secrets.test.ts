import { describe, expect, it } from 'vitest';
import { blankSecrets, hasBlanked } from './blank-secrets.ts';

const save = (text: string) => [{ '/etc/my.cnf': Buffer.from(text, 'latin1').toString('base64') }];
const blank = (text: string) =>
  Buffer.from(blankSecrets(save(text))[0]?.['/etc/my.cnf'] ?? '', 'base64').toString('latin1');

describe('configuration files without their secrets', () => {
  it.each([
    'wsrep_sst_auth=sst:geheim',
    '  wsrep-sst-auth = "sst:geheim"\r',
    'password = geheim # why',
    'report_password=geheim',
    'loose_file_key_management_filekey=geheim',
    'hashicorp-key-management-token=geheim',
    'ssl_passphrase="geheim"',
  ])('have no value in: %s', (line) => {
    const text = blank(`[mysqld]\n${line}\ndatadir=/data\n`);
    expect(text).not.toContain('geheim');
    expect(text).toMatch(/^\[mysqld\]\n# [\w-]+ = \(.*\)\ndatadir=\/data\n$/);
    expect(hasBlanked(blankSecrets(save(line)))).toBe(true);
  });

  it.each([
    'disconnect_on_expired_password=ON',
    'mysql_native_password=ON',
    'validate_password_policy=STRONG',
    'default_password_lifetime=30',
    'password',
    '# password=geheim is no option',
    'wsrep_sst_method=mariabackup',
    'path=/Gr\xfc\xdfe',
  ])('are otherwise as they were: %s', (line) => {
    expect(blank(`[mysqld]\n${line}\n`)).toBe(`[mysqld]\n${line}\n`);
    expect(hasBlanked(blankSecrets(save(line)))).toBe(false);
  });
});
