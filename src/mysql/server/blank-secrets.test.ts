import { describe, expect, it } from 'vitest';
import { blankSecrets, hasBlanked, redactSecrets } from './blank-secrets.ts';

const save = (text: string) => [{ '/etc/my.cnf': Buffer.from(text, 'latin1').toString('base64') }];
const blank = (text: string) =>
  Buffer.from(blankSecrets(save(text))[0]?.['/etc/my.cnf'] ?? '', 'base64').toString('latin1');

describe('configuration files without their secrets', () => {
  it.each([
    'wsrep_sst_auth=sst:geheim',
    '  wsrep-sst-auth = "sst:geheim"\r',
    'password = geheim # why',
    'password = #geheim',
    '\xa0password\xa0=\xa0geheim',
    'report_password=geheim',
    'loose_file_key_management_filekey=geheim',
    'hashicorp-key-management-token=geheim',
    'ssl_passphrase="geheim"',
    'encrypt_key=geheim',
    's3_secret_key=geheim',
    'aws-secret-access-key=geheim',
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

describe('what a program says', () => {
  it.each([
    ["[00] \t Encryption plugin parameter :  '--", 'file_key_management_filekey=', "geheim's'"],
    ["mariabackup: unknown variable '", 'loose-file-key-management-filekey=', "geheim'"],
    ['recognized server arguments: --datadir=/data --', 'report_password=', 'geheim --port=3306'],
    ['--wsrep-provider-options=pc.ignore_sb=1;socket.', 'password = ', 'geheim --x=geheim'],
    ['recognized client arguments: --', 'encrypt-key=', 'geheim'],
    ['CHANGE MASTER TO MASTER_HOST="x", ', 'MASTER_PASSWORD=', "'geheim'"],
    ['', 'file_key_management_filekey: ', 'geheim'],
    ['[00] 2026-11-22 10:00:00 ', 'wsrep_sst_auth : ', 'sst:geheim'],
    ['--', 'aws-secret-access-key=', 'geheim'],
  ])('has no value of an option that holds a secret: %s%s', (before, name, after) => {
    expect(redactSecrets(`${before}${name}${after}`)).toBe(`${before}${name.trimEnd()}…`);
  });

  it('is looked through at once, however long it is', () => {
    const line = 'a_password-'.repeat(100_000);
    const began = performance.now();
    expect(redactSecrets(line)).toBe(line);
    // Looked for from every character on, a secret would take many minutes.
    expect(performance.now() - began).toBeLessThan(30_000);
  });

  it('has no hash of a password in its grants', () => {
    const grant = '  1.GRANT PROCESS ON *.* TO `b`@`%`';
    for (const secret of [
      "BY PASSWORD '*9BB9'",
      "VIA ed25519 USING '9BB9' OR unix_socket",
      "WITH p AS '9BB9'",
    ]) {
      expect(redactSecrets(`${grant} IDENTIFIED ${secret}`)).toBe(`${grant} IDENTIFIED …`);
    }
    expect(redactSecrets(grant)).toBe(grant);
  });

  it.each([
    "Access denied for user 'backup'@'localhost' (using password: YES)",
    "\t Encryption plugin parameter :  '--file_key_management_filename=/etc/keys'",
    'disconnect_on_expired_password=ON',
    'Password: the account needs one',
    'caching_sha2_password: the plugin is not loaded',
    '[00] completed OK!',
  ])('is otherwise as it was: %s', (line) => {
    expect(redactSecrets(line)).toBe(line);
  });
});
