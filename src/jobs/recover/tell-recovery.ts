import { keepLocalKey } from '../../copies/keep-local-key.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { formatBytes } from '../../units.ts';
import type { RecoveredData } from './recover-data.ts';
import type { RecoveryPlan, StopPoint } from './recovery-plan.ts';
import { sayMark } from './stop-point.ts';
import { describeEnd, describeTarget } from './target-problems.ts';

/** What was recovered. */
interface Recovered {
  readonly plan: Pick<RecoveryPlan, 'copy' | 'target'>;
  readonly stop: StopPoint;
  readonly replay: RecoveredData['replay'];
  readonly data: { readonly flavour: Pick<RecoveredData['data']['flavour'], 'family'> };
}

/** Up to where the data are, a line each. */
export function tellRecovery({ plan, stop, replay, data }: Recovered): string[] {
  const { copy, target } = plan;
  const name = quoteLocation(keepLocalKey(copy.key));
  const { lastIncluded, firstLeftOut, foreignTimes } = stop;
  return [
    `Recovered to ${describeTarget(target)}: ${replay === undefined ? `${name}, on which nothing had to be replayed` : `${sayCount(replay.transactions)} of ${sayLogs(stop)} on ${name}`}.`,
    `  last included:  ${lastIncluded === undefined ? `what the copy holds, up to ${describeEnd(copy)}` : sayMark(lastIncluded)}`,
    `  first left out: ${firstLeftOut === undefined ? 'none that is in these logs' : sayMark(firstLeftOut)}`,
    ...(foreignTimes === 0
      ? []
      : [
          `  ${sayCount(foreignTimes)} ${foreignTimes === 1 ? 'carries' : 'carry'} a time that cannot be that of the commit (SET TIMESTAMP, a clock that was put back): the order in the log has decided about ${foreignTimes === 1 ? 'it' : 'them'}.`,
        ]),
    ...[...(replay?.torn ?? []), ...(stop.torn === undefined ? [] : [stop.torn])].map(
      ({ binlog, bytes }) =>
        `  ${quoteLocation(binlog)} was cut short: ${formatBytes(bytes)} behind its last complete transaction are left out.`,
    ),
    ...sayState(stop, data.flavour.family),
    ...sayXa(replay?.preparedXa ?? []),
  ];
}

function sayCount(count: number): string {
  return count === 1 ? '1 transaction' : `${count} transactions`;
}

function sayLogs({ logs }: StopPoint): string {
  const [first, last] = [logs[0]?.name ?? '', logs.at(-1)?.name ?? ''].map(quoteLocation);
  return logs.length === 1 ? `${first}` : `${logs.length} logs, ${first} to ${last},`;
}

/** MariaDB keeps the state in its binary logs, which the new data directory has none of. */
function sayState({ gtidState }: StopPoint, family: 'mariadb' | 'mysql'): string[] {
  if (gtidState === undefined || gtidState === '') return [];
  return family === 'mariadb'
    ? [
        `  GTID position:  ${gtidState}. For a server that is to replicate from there: SET GLOBAL gtid_slave_pos='${gtidState}';`,
      ]
    : [`  GTIDs:          ${gtidState}, as gtid_executed of the new server says`];
}

function sayXa(ids: readonly string[]): string[] {
  if (ids.length === 0) return [];
  return [
    `  ${ids.length === 1 ? '1 XA transaction is' : `${ids.length} XA transactions are`} prepared and ${ids.length === 1 ? 'waits' : 'wait'} for an end. When the server runs, for each of them XA COMMIT, or XA ROLLBACK, as its transaction manager says:`,
    ...ids.map((id) => `    XA COMMIT ${quoteLocation(id)};`),
  ];
}
