import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { formatPairs, isPaged, PAGE, youngerPages } from './innodb-files.mjs';
import { packFile } from './xbstream-format.mjs';
import { aboutSeries, backupMyCnf } from './xtrabackup-series.mjs';

const ATTEMPTS = 50;
const PAUSE_MS = 200;

/** What is no part of a copy: logs, sockets, temporary files, spare redo logs, what is the server's own. */
const LEFT_OUT =
  /^(auto\.cnf|ibtmp\d+|#innodb_temp\/|#ib_.*\.dblwr|#innodb_redo\/.*_tmp|.*\.(pid|sock|lock|err)|(mysql|binlog)(-bin)?\.(\d+|index))/;

/** Streams a copy to standard output. */
export async function backUp(options, { series, say, fault }) {
  const connection = await connect(options);
  try {
    const server = await requireServed(connection, series);
    if (series !== '2.4') await lockInstance(connection, say);
    await connection.query('FLUSH TABLES WITH READ LOCK');
    say('Executing FLUSH TABLES WITH READ LOCK');
    const position = await readPosition(connection, series);
    const copy = await readAtRest(connection, await readDatadir(connection));
    await connection.query('UNLOCK TABLES');
    const from = Number(options['incremental-lsn'] ?? 0);
    const about = describe(options, { series, server, from, copy, position });
    for (const name of ['xtrabackup_checkpoints', 'xtrabackup_info']) {
      writeFileSync(join(options['extra-lsndir'], name), about.get(name));
    }
    await stream(new Map([...pack(copy.files, from), ...about]), fault);
    say(`The latest check point (for incremental): '${copy.lsn}'`);
    if (position.file) say(`MySQL binlog position: ${formatPosition(position)}`);
  } finally {
    connection.destroy();
  }
}

/** The real client's reader of option files reads them; what is on the command line wins. */
async function connect(options) {
  const print = (...args) =>
    execFileSync('my_print_defaults', [`--defaults-file=${options['defaults-file']}`, ...args, 'client'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  let printed;
  try {
    printed = print('--show'); // MySQL's hides the password without it, MariaDB's does not know it.
  } catch {
    printed = print();
  }
  const found = Object.fromEntries(
    printed.split('\n').map((line) => /^--([a-z]+)=(.*)$/.exec(line)?.slice(1) ?? []),
  );
  const { user, password, port, socket, host = '127.0.0.1' } = { ...found, ...options };
  const where = socket && !options.host ? { socketPath: socket } : { host, port: Number(port ?? 3306) };
  return await createConnection({ user, password, ...where, supportBigNumbers: true });
}

async function readOne(connection, sql) {
  const [[row]] = await connection.query(sql);
  return row;
}

async function requireServed(connection, series) {
  const { version } = await readOne(connection, 'SELECT @@version AS version, @@version_comment AS comment');
  if (aboutSeries(series).serves.test(version)) return version;
  throw new Error(`Unsupported server version: '${version}'.`);
}

async function lockInstance(connection, say) {
  say('Executing LOCK INSTANCE FOR BACKUP ...');
  try {
    await connection.query('LOCK INSTANCE FOR BACKUP');
  } catch (error) {
    const { errno, sqlState, message } = error;
    const text = `failed to execute query 'LOCK INSTANCE FOR BACKUP' : ${errno} (${sqlState}) ${message}`;
    throw new Error(text, { cause: error });
  }
}

async function readDatadir(connection) {
  const { Value } = await readOne(connection, "SHOW GLOBAL VARIABLES WHERE Variable_name = 'datadir'");
  return Value;
}

async function readPosition(connection, series) {
  if (series === '2.4') {
    const row = (await readOne(connection, 'SHOW MASTER STATUS')) ?? {};
    return { file: row.File, position: row.Position, gtid: row.Executed_Gtid_Set };
  }
  const { local } = await readOne(
    connection,
    'SELECT server_uuid, local, replication, storage_engines FROM performance_schema.log_status',
  );
  const {
    binary_log_file: file,
    binary_log_position: position,
    gtid_executed: gtid,
  } = typeof local === 'string' ? JSON.parse(local) : local;
  return { file, position, gtid };
}

const formatPosition = ({ file, position, gtid }) =>
  `filename '${file}', position '${position}'${gtid ? `, GTID of the last change '${gtid.replaceAll('\n', '')}'` : ''}`;

async function readLsns(connection) {
  const { Status } = await readOne(connection, 'SHOW ENGINE INNODB STATUS');
  const read = (name) => Number(new RegExp(`^${name}\\s+(\\d+)$`, 'm').exec(Status)?.[1]);
  return { lsn: read('Log sequence number'), checkpoint: read('Last checkpoint at') };
}

/** All files of a data directory in which nothing changed while they were read. */
async function readAtRest(connection, datadir) {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const before = await readLsns(connection);
    if (before.checkpoint === before.lsn) {
      const files = readFiles(datadir);
      const after = await readLsns(connection);
      if (after.lsn === before.lsn) return { files, lsn: before.lsn };
    }
    await sleep(PAUSE_MS);
  }
  throw new Error('the server does not come to rest');
}

function readFiles(datadir) {
  const paths = readdirSync(datadir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(datadir, '/').length))
    .filter((path) => !LEFT_OUT.test(path));
  return new Map(paths.map((path) => [path, readFileSync(join(datadir, path))]));
}

/** What an incremental copy has of each file: its younger pages, or all of it. */
function pack(files, from) {
  if (from === 0) return files;
  return [...files].flatMap(([path, content]) => {
    const pages = isPaged(path) ? youngerPages(content, from) : undefined;
    if (pages === undefined) return [[path, content]];
    const meta = formatPairs({ page_size: PAGE, zip_size: 0, file_size: content.length });
    return [
      [`${path}.delta`, pages],
      [`${path}.meta`, Buffer.from(meta)],
    ];
  });
}

function describe(options, { series, server, from, copy, position }) {
  const { version } = aboutSeries(series);
  const isFull = from === 0;
  const binlog = position.file ? formatPosition(position) : '';
  const texts = {
    'backup-my.cnf': `# written by a stand-in for xtrabackup\n[mysqld]\n${backupMyCnf(series)}`,
    xtrabackup_checkpoints: formatPairs({
      backup_type: isFull ? 'full-backuped' : 'incremental',
      from_lsn: from,
      to_lsn: copy.lsn,
      last_lsn: copy.lsn,
    }),
    xtrabackup_info: formatPairs({
      tool_name: 'xtrabackup',
      tool_version: version,
      server_version: server,
      binlog_pos: binlog,
      innodb_from_lsn: from,
      innodb_to_lsn: copy.lsn,
      incremental: isFull ? 'N' : 'Y',
      format: options.stream,
    }),
    ...(position.file && {
      xtrabackup_binlog_info: `${position.file}\t${position.position}\t${position.gtid ?? ''}\n`,
    }),
    ...('galera-info' in options && { xtrabackup_galera_info: '00000000-0000-0000-0000-000000000000:1\n' }),
  };
  return new Map(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)]));
}

async function stream(files, fault) {
  let left = Math.ceil(files.size / 2);
  for (const [path, content] of files) {
    for (const part of packFile(path, content)) {
      if (!process.stdout.write(part)) await new Promise((resolve) => process.stdout.once('drain', resolve));
    }
    left -= 1;
    if (fault === 'die' && left === 0) process.kill(process.pid, 'SIGKILL');
  }
}
