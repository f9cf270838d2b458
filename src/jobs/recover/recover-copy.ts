import { keepLocalKey } from '../../copies/keep-local-key.ts';
import { lastSecondOf } from '../../mysql/binlog/log-times.ts';
import type { RecoveryTarget } from '../../mysql/binlog/recovery-target.ts';
import type { RecoverCopy } from '../restore/verify-mysql.ts';
import { type RecoverOptions, type Recovery, recover } from './recover-mysql.ts';

/** How a copy is verified with the logs up to a target. */
export function recoverTo(
  target: RecoveryTarget,
  options: Omit<RecoverOptions, 'dst' | 'cache' | 'above'>,
): RecoverCopy {
  return async (wanted, place, context) => {
    const recovery = await recover(wanted, target, { ...options, ...place, cache: undefined }, context);
    const { plan, stop, data, replay } = recovery;
    const { boot = 0, replay: replaying = 0, stop: stopping = 0 } = replay?.seconds ?? {};
    return {
      data: replay === undefined ? data : { ...data, tables: undefined },
      copy: keepLocalKey(plan.copy.key),
      replaySeconds: Math.round((boot + replaying + stopping) * 1000) / 1000,
      gtid: stop.gtidState,
      reached: reachedBy(recovery),
    };
  };
}

/** With all logs replayed, what was written until the last of them was closed is in the data, also where that was nothing. */
function reachedBy({ plan, stop }: Recovery): number | undefined {
  const { target, copy } = plan;
  if (target.kind === 'time') return target.at / 1_000_000;
  const last = stop.logs.at(-1);
  if (last !== undefined && stop.firstLeftOut === undefined) return lastSecondOf(last);
  const { lastIncluded } = stop;
  return lastIncluded === undefined ? copy.backupFinished : lastIncluded.time / 1_000_000;
}
