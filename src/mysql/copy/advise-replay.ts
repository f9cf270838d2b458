import { describeLog } from '../../copies/order-binlogs.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import type { ReplayPlan, StoredBinlog } from '../binlog/plan-replay.ts';
import { type RestoredData, unitOf } from './advice.ts';
import { quote } from './quote.ts';

/** What is known of the binary logs that go on where a copy ends, or why nothing is. `mayMiss`: why there may be more copies. */
export type ReplayKnowledge =
  | (ReplayPlan & { readonly mayMiss?: string })
  | { readonly kind: 'unknown'; readonly reason: string };

type Restored = Pick<RestoredData, 'dst' | 'flavour' | 'setup' | 'binlog' | 'position' | 'gtid'>;

/** What else the commands are made of. */
export interface ReplayMeans {
  /** `twindb-backup` as `commandWith` returns it. */
  readonly command: string;
  /** The folder that has the logs of the old server by now; undefined: where they were. */
  readonly oldLogs: string | undefined;
}

/** How `twindb-backup` is called to get at these copies, in words for a shell: with the configuration file that the operator named. */
export function commandWith(configFile: string | undefined): string {
  return `twindb-backup${configFile === undefined ? '' : ` --config ${quote(configFile)}`}`;
}

/** How to replay what was written after a copy, a line each; nothing where the copy does not tell its position. */
export function adviseReplay(data: Restored, known: ReplayKnowledge, means: ReplayMeans): string[] {
  const { command, oldLogs } = means;
  const { binlog, position, gtid } = data;
  if (binlog === undefined || position === undefined) return [];
  const where = `The data are those at ${quoteLocation(binlog)}, position ${position}${gtid === undefined ? '' : `, GTID ${quoteLocation(gtid)}`}.`;
  switch (known.kind) {
    case 'known':
      return [
        `${where} What came later is in ${known.logs.length === 1 ? 'this log' : `these ${known.logs.length} logs`}. To replay it:`,
        ...replay(data, known, means),
        ...adviseBeyond(known),
        ...(known.mayMiss === undefined ? [] : [`There may be more copies: ${quoteLocation(known.mayMiss)}`]),
      ];
    case 'not-copied':
      return [
        `${where} That log is not among the copies: take it and the later ones from ${oldLogs === undefined ? 'the server' : quoteLocation(oldLogs)}, if its files are still there.`,
        ...(known.others.length > 0
          ? ['These copies have its name, but are of other logs: replaying them would spoil the data.']
          : []),
        ...known.others.map(describe),
        'With those files, in the folder that has them:',
        ...replayCommands(data, [quote(binlog), '…']),
      ];
    case 'unsure':
      return [
        `${where} Which copy of that log goes on from there is not known. It is ${known.choices.length === 1 ? 'this one' : 'one of these'}, or it was not copied:`,
        ...known.choices.map(describe),
        `Fetch each into a folder of its own with ${command} restore binlog. Of the right one this prints a line` +
          ` with "end_log_pos ${position}" last:`,
        `  ${data.flavour.binlogPrograms[0]} --no-defaults --stop-position=${position} FILE | grep end_log_pos | tail -n 4`,
      ];
    case 'unknown':
      return [
        `${where} Which copies of binary logs go on from there could not be found out: ${quoteLocation(known.reason)}`,
        `When that is fixed, ${command} ls --type binlog shows them, and restore binlog fetches them.`,
      ];
  }
}

type Known = Extract<ReplayPlan, { kind: 'known' }>;

function replay(data: Restored, { logs, beyond }: Known, { command, oldLogs }: ReplayMeans): string[] {
  const folder = quote(`${data.dst}-binlogs`);
  const keys = logs.map(({ key }) => quote(key)).join(' ');
  const names = logs.map(({ name }) => quote(name));
  return [
    `  ${command} restore binlog ${keys} --dst ${folder}`,
    `  cd ${folder}`,
    ...(beyond.length > 0
      ? []
      : [
          `  # behind the last of them: logs of the old server that are not copied yet, at least the one it was writing${oldLogs === undefined ? '' : `, in ${quoteLocation(oldLogs)}`}`,
        ]),
    ...replayCommands(data, names),
  ];
}

/** What BINLOG statements may need, in bytes: the most that a server takes. */
const MAX_PACKET = 1 << 30;

/**
 * Through a file: of a program that fails in front of a pipe the client would run what came, and say nothing. `--no-defaults`, as
 * options of clients such as default-character-set stop the program that reads logs. `--binary-mode`, as the client otherwise
 * changes CR LF in statements and stops at NUL. All rows that a statement changed are one BINLOG statement, a third larger than they
 * are, which may be more than the server takes. In strict mode MariaDB refuses the GTIDs of the logs where its own logs go on from
 * before the restore.
 */
function replayCommands(data: Restored, names: readonly string[]): string[] {
  const { binlogPrograms, family } = data.flavour;
  // The client is called what the family is: mariadb, mysql.
  const client = family;
  const settings = [
    `max_allowed_packet=${MAX_PACKET}`,
    ...(family === 'mariadb' ? ['gtid_strict_mode=OFF'] : []),
  ];
  return [
    `  # ${client} must log in as root or another account with all privileges: the one for backups cannot replay`,
    `  ${[
      [
        binlogPrograms[0],
        '--no-defaults',
        `--start-position=${data.position}`,
        ...names,
        '> replay.sql',
      ].join(' '),
      `${client} -e 'SET GLOBAL ${settings.join(', ')}'`,
      `${client} --binary-mode --max-allowed-packet=1G < replay.sql`,
    ].join(' && ')}`,
    `  systemctl restart ${unitOf(data)}   # to have the settings of its configuration again`,
  ];
}

function adviseBeyond({ logs, beyond }: Known): string[] {
  const [next] = beyond;
  if (next === undefined) return [];
  const count = beyond.length === 1 ? 'Another log was' : `${beyond.length} other logs were`;
  return [
    `${count} begun later, and ${beyond.length === 1 ? 'does' : 'do'} not follow from ${quoteLocation(logs.at(-1)?.name ?? '')}; the next is`,
    describe(next),
    'Logs in between were purged before they were copied, or are gone, or the server began its logs anew (RESET MASTER, restored data):',
    'go on with that one only when you know that nothing is missing in between. docs/recovery.md tells how.',
  ];
}

function describe(log: StoredBinlog): string {
  return describeLog(quote(log.key), log);
}
