import type { GroupSpan } from './group-tracker.ts';
import { formatGtid } from './gtid-text.ts';
import type { TimeWindow } from './log-times.ts';
import type { RecoveryTarget } from './recovery-target.ts';

const MICROSECONDS = 1_000_000;

/** What is looked for in one log. */
export interface LogQuestion {
  /** A position is one in this log. */
  readonly target: RecoveryTarget;
  /** Transactions in front of this position are in the data already. Bytes from the beginning of the log. */
  readonly from: number;
  /** When the log was written. */
  readonly window: TimeWindow;
}

/** A place between two transactions of a log. */
export interface Cut {
  /** Undefined: the cut is in front of the first one behind `from`. */
  readonly lastIncluded: GroupSpan | undefined;
  /** Undefined: the log has no more. */
  readonly firstLeftOut: GroupSpan | undefined;
  /** Of all before the cut; undefined where the log does not say. */
  readonly gtidState: string | undefined;
  /** From `from` up to the cut. */
  readonly transactions: number;
  /** Those among them whose time cannot be that of their commit. */
  readonly foreignTimes: number;
}

/** What came of a search. */
export interface LogFindings {
  /** Where the target is in this log; undefined: all of the log is before it. */
  readonly cut: Cut | undefined;
  /** The end of the log's complete transactions. */
  readonly end: Cut;
  /** The transaction that was looked for is in the log, behind `from`. */
  readonly hasTarget: boolean;
  /** One in front of `from` that must not be included, or is the target. */
  readonly alreadyIn: GroupSpan | undefined;
  /** The one that the position is in. */
  readonly around: GroupSpan | undefined;
  /** The one that `from` is in: it is no position of this log. */
  readonly brokenStart: GroupSpan | undefined;
}

/**
 * Looks for a target in the transactions of one log. The order in the log decides: all in front of the first one that is too late are included. A
 * time that is not of a commit counts only where it is within the window of the log.
 */
export class LogSearch {
  readonly #question: LogQuestion;
  /** By time: the first one that is late enough, and those behind it that are earlier. The window decides among them in the end. */
  readonly #cuts: { readonly cut: Cut; readonly time: number; readonly isCommitTime: boolean }[] = [];
  #last: GroupSpan | undefined;
  #transactions = 0;
  #beforeWindow = 0;
  #late = 0;
  #hasTarget = false;
  #alreadyIn: GroupSpan | undefined;
  #around: GroupSpan | undefined;
  #brokenStart: GroupSpan | undefined;

  constructor(question: LogQuestion) {
    this.#question = question;
  }

  /** Takes the next complete transaction. `stateBefore` returns the GTIDs of all in front of it. */
  take(group: GroupSpan, stateBefore: () => string | undefined): void {
    const { from, window } = this.#question;
    if (group.start < from) {
      if (group.end > from) this.#brokenStart = group;
      if (this.#isTooEarly(group)) this.#alreadyIn ??= group;
      return;
    }
    const isLate = this.#isLeftOut(group);
    const [earliest] = this.#cuts.slice(-1);
    if (isLate && (earliest === undefined || group.time < earliest.time)) {
      const cut = { ...this.#cutHere(stateBefore()), firstLeftOut: group };
      this.#cuts.push({ cut, time: group.time, isCommitTime: group.isCommitTime });
    }
    this.#late += Number(isLate);
    if (!group.isCommitTime && group.time < window.from * MICROSECONDS) this.#beforeWindow += 1;
    if (this.#isTarget(group)) this.#hasTarget = true;
    this.#last = group;
    this.#transactions += 1;
  }

  /** What is known when the log has been read. `ended` is when that was at the latest, in seconds since the epoch; `state` are the GTIDs at its end. */
  result(state: string | undefined, ended = Number.POSITIVE_INFINITY): LogFindings {
    const { window } = this.#question;
    // One that ended before it began had its clock put back, and nothing tells.
    const to = window.to ?? (ended < window.from ? Number.POSITIVE_INFINITY : ended);
    const found =
      this.#question.target.kind === 'time'
        ? this.#cuts.find(({ time, isCommitTime }) => isCommitTime || time <= to * MICROSECONDS)
        : this.#cuts[0];
    return {
      cut: found?.cut,
      end: { ...this.#cutHere(state), firstLeftOut: undefined },
      hasTarget: this.#hasTarget,
      alreadyIn: this.#alreadyIn,
      around: this.#around,
      brokenStart: this.#brokenStart,
    };
  }

  #cutHere(gtidState: string | undefined): Omit<Cut, 'firstLeftOut'> {
    return {
      lastIncluded: this.#last,
      gtidState,
      transactions: this.#transactions,
      foreignTimes: this.#question.target.kind === 'time' ? this.#beforeWindow + this.#late : 0,
    };
  }

  #isLeftOut(group: GroupSpan): boolean {
    const { target } = this.#question;
    switch (target.kind) {
      case 'latest':
        return false;
      case 'time':
        return group.time >= target.at;
      case 'gtid':
        return this.#hasTarget;
      case 'position':
        if (group.start < target.position && target.position < group.end) this.#around = group;
        return group.end > target.position;
    }
  }

  #isTarget({ gtid }: GroupSpan): boolean {
    const { target } = this.#question;
    return target.kind === 'gtid' && gtid !== undefined && formatGtid(gtid) === target.gtid;
  }

  /** Whether one that is in the data already must not be, or is the one looked for. */
  #isTooEarly(group: GroupSpan): boolean {
    const { target, window } = this.#question;
    if (target.kind === 'gtid') return this.#isTarget(group);
    if (target.kind === 'position') return group.end > target.position;
    if (target.kind !== 'time' || group.time < target.at) return false;
    return group.isCommitTime || group.time <= (window.to ?? Number.POSITIVE_INFINITY) * MICROSECONDS;
  }
}
