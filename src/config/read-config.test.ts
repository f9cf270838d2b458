import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ConfigError, describeError } from '../errors.ts';
import type { Config } from './config.ts';
import { readConfig } from './read-config.ts';
import { Secret } from './secret.ts';

const folder = mkdtempSync(join(tmpdir(), 'read-config-'));
const file = join(folder, 'twindb backup.cfg');
afterAll(() => rmSync(folder, { recursive: true }));

function read(content: string | Uint8Array, mode = 0o600): { config: Config; warnings: string[] } {
  writeFileSync(file, content);
  chmodSync(file, mode);
  const warnings: string[] = [];
  return { config: readConfig(file, (message) => warnings.push(message)), warnings };
}

/** The file's config, which must not raise any warning. */
function quietly(content: string | Uint8Array): Config {
  const { config, warnings } = read(content);
  expect(warnings).toEqual([]);
  return config;
}

/** What the operator gets to see, without the file's name, which must begin it. */
function errorOf(content: string | Uint8Array): string {
  try {
    read(content);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    const message = describeError(error);
    expect(message.startsWith(`${file}: `)).toBe(true);
    return message.slice(file.length + 2);
  }
  throw new Error('The file was accepted');
}

const LOCAL = '[destination]\nbackup_destination=local\n';
const SSH = '[destination]\nbackup_destination=ssh\n';
const S3 = '[destination]\nbackup_destination=s3\n[s3]\nBUCKET=b\n';

const RETENTION = { hourly: 24, daily: 7, weekly: 4, monthly: 12, yearly: 3 };
const EVERY_INTERVAL = { hourly: true, daily: true, weekly: true, monthly: true, yearly: true };

test('the shortest file gets every default', () => {
  expect(quietly(LOCAL)).toEqual({
    file,
    source: {
      backupDirs: [],
      backupMysql: false,
      runTypes: ['hourly', 'daily', 'weekly', 'monthly', 'yearly'],
      exclude: [],
      oneFileSystem: false,
      tarOptions: [],
    },
    destination: { kind: 'local', backupDir: '/var/backup' },
    mustExist: false,
    keepLocalPath: undefined,
    compression: { program: 'gzip', threads: undefined, level: undefined },
    gpg: undefined,
    integrity: { keyFile: join(dirname(file), 'integrity.key'), require: false },
    mysql: undefined,
    stream: { interval: 2, partSize: 8 * 1024 ** 2, memory: 32 * 1024 ** 2, serverId: undefined },
    limits: { maxRate: undefined, nice: undefined, ionice: undefined },
    retention: RETENTION,
    retentionLocal: RETENTION,
    appendOnly: false,
    trustShrinking: false,
    intervals: EVERY_INTERVAL,
    export: undefined,
    notify: undefined,
    hooks: { before: [], after: [], onFailure: [] },
    measuresLog: '/var/log/twindb-backup-measures.log',
    logFile: undefined,
  });
});

test('a file with every section of the Python tool is read whole', () => {
  const config = quietly(`
[source]
backup_dirs=/etc /root /home
backup_mysql=yes
run_types=daily, weekly
exclude=*.core "/home/x/My Cache"
one_file_system=yes
tar_options=--exclude '*.o' --one-file-system
[destination]
backup_destination=ssh
keep_local_path=/var/backup/local/
[s3]
# S3 destination settings
AWS_ACCESS_KEY_ID=XXXXX
AWS_SECRET_ACCESS_KEY=
AWS_DEFAULT_REGION=us-east-1
BUCKET=twindb-backups
[az]
connection_string="AccountName=a;AccountKey=k==;#"
[gcs]
GCS_CREDENTIALS_FILE=/x
BUCKET=y
[ssh]
backup_host=10.0.0.9
backup_dir=/tmp/backup
ssh_user=backup
ssh_key=/root/.ssh/backup_key
port=2222
[mysql]
mysql_defaults_file=/etc/twindb/my.cnf
full_backup=weekly
expire_log_days=14
xtrabackup_binary=/opt/bin/xtrabackup
xbstream_binary=xbstream
[gpg]
keyring = /root/.gnupg/pubring.gpg
secret_keyring = /root/.gnupg/secring.gpg
recipient = backupuser@youdomain.com
[compression]
program=pigz
threads=3
level=9
[retention]
hourly_copies=1
daily_copies=2
weekly_copies=3
monthly_copies=4
yearly_copies=5
[retention_local]
hourly_copies=6
daily_copies=0
weekly_copies=8
monthly_copies=9
yearly_copies=10
[intervals]
run_hourly=no
run_daily=yes
run_weekly=off
run_monthly=FALSE
run_yearly=0
[export]
transport=statsd
statsd_host=10.0.0.7
statsd_port=9125
[notify]
style=ntfy
failure_url=https://ntfy.sh/topic-of-mine
[hooks]
before=mount "/mnt/my data"
on_failure=/usr/local/bin/page 'the DBA'
[measures]
log=/tmp/measures.log
[log]
file=/tmp/log.json
`);
  expect(config.notify?.failureUrl?.reveal()).toBe('https://ntfy.sh/topic-of-mine');
  expect(config).toEqual({
    file,
    source: {
      backupDirs: ['/etc', '/root', '/home'],
      backupMysql: true,
      runTypes: ['daily', 'weekly'],
      exclude: ['*.core', '/home/x/My Cache'],
      oneFileSystem: true,
      tarOptions: ['--exclude', '*.o', '--one-file-system'],
    },
    destination: {
      kind: 'ssh',
      host: '10.0.0.9',
      port: 2222,
      user: 'backup',
      keyFile: '/root/.ssh/backup_key',
      backupDir: '/tmp/backup',
      knownHosts: join(homedir(), '.ssh/known_hosts'),
      hostKeyChecking: 'accept-new',
    },
    mustExist: false,
    keepLocalPath: '/var/backup/local',
    compression: { program: 'pigz', threads: 3, level: 9 },
    gpg: {
      recipient: 'backupuser@youdomain.com',
      keyring: '/root/.gnupg/pubring.gpg',
      secretKeyring: '/root/.gnupg/secring.gpg',
    },
    integrity: { keyFile: join(dirname(file), 'integrity.key'), require: false },
    mysql: {
      defaultsFile: '/etc/twindb/my.cnf',
      fullBackup: 'weekly',
      expireLogDays: 14,
      safeSlaveBackup: false,
      xtrabackupBinary: '/opt/bin/xtrabackup',
      pace: { parallel: undefined, throttle: undefined },
    },
    retention: { hourly: 1, daily: 2, weekly: 3, monthly: 4, yearly: 5 },
    retentionLocal: { hourly: 6, daily: 0, weekly: 8, monthly: 9, yearly: 10 },
    stream: { interval: 2, partSize: 8 * 1024 ** 2, memory: 32 * 1024 ** 2, serverId: undefined },
    limits: { maxRate: undefined, nice: undefined, ionice: undefined },
    appendOnly: false,
    trustShrinking: false,
    intervals: { hourly: false, daily: true, weekly: false, monthly: false, yearly: false },
    export: { transport: 'statsd', host: '10.0.0.7', port: 9125 },
    notify: { style: 'ntfy', url: undefined, failureUrl: expect.any(Secret) },
    hooks: { before: ['mount', '/mnt/my data'], after: [], onFailure: ['/usr/local/bin/page', 'the DBA'] },
    measuresLog: '/tmp/measures.log',
    logFile: '/tmp/log.json',
  });
});

test('the file may have CRLF line ends and a byte order mark', () => {
  const config = quietly(`\uFEFF${LOCAL}[source]\nbackup_dirs=/a\n  /b\n`.replaceAll('\n', '\r\n'));
  expect(config.source.backupDirs).toEqual(['/a', '/b']);
});

describe('warnings', () => {
  test('readable by others is a warning when it holds secrets, naming them and the remedy', () => {
    const secrets = `${S3}AWS_ACCESS_KEY_ID=id\nAWS_SECRET_ACCESS_KEY=hunter2\n[export]\ntransport=datadog\napp_key=hunter3\n[notify]\nurl=https://ntfy.sh/hunter4\n`;
    const warning = `${file}: other users may read this file, and it holds [s3] AWS_SECRET_ACCESS_KEY and [export] app_key and [notify] url; run: chmod 600 '${file}'`;
    expect(read(secrets, 0o640).warnings).toEqual([warning]);
    expect(read(secrets, 0o604).warnings).toEqual([warning]);
    expect(read(secrets, 0o600).warnings).toEqual([]);
    expect(read(S3, 0o644).warnings).toEqual([]);
    expect(read(`${LOCAL}[s3]\nAWS_SECRET_ACCESS_KEY=\n`, 0o644).warnings).toEqual([]);
  });

  test('unknown names are warnings, also when an error follows', () => {
    const warnings: string[] = [];
    writeFileSync(file, '[destination]\nbackup_destinatoin=ssh\n');
    expect(() => readConfig(file, (message) => warnings.push(message))).toThrow(ConfigError);
    expect(warnings).toEqual([
      `${file}: [destination] backup_destinatoin is not an option and is ignored; did you mean backup_destination?`,
    ]);
  });

  test('duplicates are warnings', () => {
    const { config, warnings } = read(`${LOCAL}backup_destination=ssh\n`);
    expect(config.destination.kind).toBe('ssh');
    expect(warnings).toHaveLength(1);
  });
});

describe('a wrong value is an error that names file, section and option', () => {
  test.each([
    ['[retention]\ndaily_copies=seven', '[retention] daily_copies must be a whole number, got "seven"'],
    ['[retention]\ndaily_copies=-1', '[retention] daily_copies must be a whole number, got "-1"'],
    ['[retention_local]\nyearly_copies=', '[retention_local] yearly_copies must be a whole number, got ""'],
    ['[mysql]\nexpire_log_days=1.5', '[mysql] expire_log_days must be a whole number, got "1.5"'],
    [
      '[mysql]\nfull_backup=dayly',
      '[mysql] full_backup must be hourly, daily, weekly, monthly or yearly, got "dayly"; did you mean daily?',
    ],
    ['[source]\nbackup_mysql=maybe', '[source] backup_mysql must be yes or no, got "maybe"'],
    [
      '[source]\nrun_types=dayly',
      '[source] run_types must be run types separated by blanks, such as `daily weekly`, got "dayly"',
    ],
    [`[source]\nexclude=a ""`, '[source] exclude has an empty pattern\nRemove the empty quotes.'],
    ['[intervals]\nrun_daily=2', '[intervals] run_daily must be yes or no, got "2"'],
    [
      '[compression]\nprogram=gzp',
      '[compression] program must be gzip, pigz, bzip2, lbzip2 or zstd, got "gzp"; did you mean gzip?',
    ],
    ['[compression]\nthreads=0', '[compression] threads must be a whole number of at least 1, got "0"'],
    [
      '[compression]\nlevel=0',
      '[compression] level must be a whole number from 1 to 9, or to 19 with zstd, got "0"',
    ],
    ['[compression]\nlevel=10', '[compression] level must be a whole number from 1 to 9 with gzip, got "10"'],
    [
      '[compression]\nprogram=zstd\nlevel=20',
      '[compression] level must be a whole number from 1 to 9, or to 19 with zstd, got "20"',
    ],
    [
      '[export]\ntransport=graphite',
      '[export] transport must be datadog, statsd or prometheus, got "graphite"',
    ],
    [
      '[export]\ntransport=statsd\nstatsd_port=0',
      '[export] statsd_port must be a whole number from 1 to 65535, got "0"',
    ],
    ['[source]\nbackup_dirs=/a etc', '[source] backup_dirs must list absolute paths, got "etc"'],
    [
      '[source]\nbackup_dirs="/a',
      '[source] backup_dirs must be words quoted as in a shell, every quote closed, got "\\"/a"',
    ],
    [
      '[source]\nbackup_dirs=/home/x /home_x',
      '[source] backup_dirs lists "/home/x" and "/home_x", whose copies would both be named "_home_x"',
    ],
    [
      '[gpg]\nkeyring=/k',
      '[gpg] recipient is missing\nWrite recipient=KEY, the key to encrypt for; or remove the section [gpg] to store copies unencrypted.',
    ],
    [
      '[measures]\nlog=/%(nope)s',
      '[measures] log refers to %(nope)s, which neither [measures] nor [DEFAULT] sets\nSet it there, or write %% for a percent sign.',
    ],
    ['[measures]\nlog=%(log)s', '[measures] log refers to %(log)s in too many steps, or in a circle'],
    ['[local]\nbackup_dir=backups', '[local] backup_dir must be an absolute path, got "backups"'],
  ])('%j', (lines, message) => {
    expect(errorOf(`${LOCAL}${lines}\n`)).toBe(message);
  });

  test('keep_local_path must not be relative, nor the destination itself', () => {
    expect(errorOf(`${LOCAL}keep_local_path=here\n`)).toBe(
      '[destination] keep_local_path must be an absolute path, got "here"',
    );
    expect(errorOf(`${LOCAL}keep_local_path=/var/backup/\n`)).toContain(
      '[destination] keep_local_path is the same directory as [local] backup_dir',
    );
  });
});

describe('[mysql]', () => {
  const DEFAULTS = {
    defaultsFile: '/root/.my.cnf',
    fullBackup: 'daily',
    expireLogDays: 7,
    safeSlaveBackup: false,
    xtrabackupBinary: undefined,
    pace: { parallel: undefined, throttle: undefined },
  };

  test.each([
    ['[source]\nbackup_mysql=yes\n', DEFAULTS],
    ['[mysql]\n', DEFAULTS],
    ['[mysql]\nsafe_slave_backup=yes\n', { ...DEFAULTS, safeSlaveBackup: true }],
    ['[mysql]\nparallel=4\nthrottle=50\n', { ...DEFAULTS, pace: { parallel: 4, throttle: 50 } }],
    ['[source]\nbackup_mysql=no\n[mysql]\n', DEFAULTS],
    ['[source]\nbackup_mysql=no\n', undefined],
  ])('is there when it is written or needed: %j', (lines, mysql) => {
    expect(quietly(LOCAL + lines).mysql).toEqual(mysql);
  });
});

describe('[source] backup_dirs', () => {
  test.each([
    ['/etc /root', ['/etc', '/root']],
    ['"/a /b"', ['/a /b']],
    ['"/a" "/b"', ['/a', '/b']],
    ['\'/with "both"\'', ['/with "both"']],
    ['/a/ /b//c', ['/a', '/b/c']],
    ['/a\n  /b\n  # /c\n  "/d e"', ['/a', '/b', '/d e']],
    ['', []],
  ])('%s', (value, dirs) => {
    expect(quietly(`${LOCAL}[source]\nbackup_dirs=${value}\n`).source.backupDirs).toEqual(dirs);
  });

  test('a duplicate is a warning', () => {
    expect(read(`${LOCAL}[source]\nbackup_dirs=/a /a/\n`).warnings).toEqual([
      `${file}: [source] backup_dirs lists "/a" more than once; it is backed up once`,
    ]);
  });
});

test('level 19 is for zstd', () => {
  expect(quietly(`${LOCAL}[compression]\nprogram=zstd\nlevel=19\n`).compression.level).toBe(19);
});

test('[DEFAULT] gives values to other sections and to references', () => {
  const config = quietly(
    `[DEFAULT]\nroot=/srv\nport=2022\n${SSH}[ssh]\nbackup_dir=%(ROOT)s/100%%\n[measures]\nlog=%(root)s/m%\n`,
  );
  expect(config.destination).toMatchObject({ port: 2022, backupDir: '/srv/100%' });
  expect(config.measuresLog).toBe('/srv/m%');
});

test('[DEFAULT] alone does not switch on what a section switches on', () => {
  const config = quietly(`[DEFAULT]\nrecipient=x\ntransport=statsd\n${LOCAL}`);
  expect([config.gpg, config.export, config.mysql]).toEqual([undefined, undefined, undefined]);
});
