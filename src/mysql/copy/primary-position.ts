import { isBinlogName } from '../../copies/binlog-copy.ts';
import type { Upstream } from '../../copies/mysql-copy.ts';
import { GTIDS } from './backup-info.ts';

/**
 * Lines of a backup program's stderr that tell where a replica's copy is in the logs of its primary: the first has a title, one for each
 * further channel of MySQL follows.
 */
export const PRIMARY_POSITION = /(slave|replica) binlog position: |^master host '/i;

type Position = Pick<Upstream, 'binlog' | 'position' | 'gtid'>;

/** Each with the position of the copy in place of that before it, where the program told one. */
export function placeUpstreams(upstreams: readonly Upstream[], lines: readonly string[]): Upstream[] {
  return upstreams.map((upstream) => {
    const position = lines
      .map((line) => read(line, upstream.connection))
      .find((found) => found !== undefined);
    return position === undefined ? upstream : { ...upstream, ...position, toldBy: 'program' };
  });
}

function read(line: string, connection: string): Position | undefined {
  return readMariadb(line, connection) ?? readChannel(line, connection);
}

/**
 * `gtid_slave_pos '0-1-6'; master '' filename 'mysql-bin.000001' position '1121'; master 'b' master_use_gtid = slave_pos`: GTIDs only where a
 * connection uses them, and names as they are.
 */
function readMariadb(line: string, connection: string): Position | undefined {
  const master = ` master '${connection}' `;
  const begin = line.indexOf(master);
  if (begin < 0) return undefined;
  const rest = line.slice(begin + master.length);
  const [, binlog, position] = /^filename '([^']+)' position '(\d+)'/.exec(rest) ?? [];
  if (binlog !== undefined) return atPosition(binlog, position);
  const [, gtid] = / gtid_slave_pos '([^']+)'/.exec(line) ?? [];
  return /^master_use_gtid/i.test(rest) ? atGtid(gtid) : undefined;
}

/**
 * `master host 'db0', filename 'mysql-bin.000001', position '1121', channel name: ''`, or `purge list 'GTIDS'` in place of the two in the middle:
 * XtraBackup, and mariabackup before it told of all connections.
 */
function readChannel(line: string, connection: string): Position | undefined {
  const found =
    /master host '[^']*', (?:filename '([^']+)', position '(\d+)'|(?:purge list|gtid_slave_pos) '?([^']+?)'?)(?:, channel name: '(.*)')?$/i.exec(
      line,
    );
  if (found === null || (found[4] ?? '') !== connection) return undefined;
  const [, binlog, position, gtid] = found;
  return binlog === undefined ? atGtid(gtid?.replace(/\s+/g, '')) : atPosition(binlog, position);
}

/** What cannot be a position ends up in no statement. */
function atPosition(binlog: string, position = ''): Position | undefined {
  return isBinlogName(binlog) ? { binlog, position, gtid: '' } : undefined;
}

function atGtid(gtid = ''): Position | undefined {
  return gtid !== '' && GTIDS.test(gtid) ? { binlog: '', position: '', gtid } : undefined;
}
