import type { LockHolder } from './lock-holder.ts';

/** A run that takes a little longer than it should is no news; one that takes this many times as long is stuck. */
const FAR_OVER = 2;

/** Whether the holder of a lock has had it for far longer than what it does should take. `now` is in milliseconds. */
export function isOverdue(holder: LockHolder | undefined, now: number): boolean {
  if (holder?.since === undefined || holder.holding?.limitSeconds === undefined) return false;
  return now - holder.since > FAR_OVER * holder.holding.limitSeconds * 1000;
}

/** What follows "Another run still holds the lock …": what it is, with a colon in front; empty when nothing is known. */
export function describeHolder(holder: LockHolder | undefined): string {
  if (holder === undefined) return '';
  const { holding, since, state, name } = holder;
  const process = state === 'alive' ? ` (process ${name.split('-')[3]})` : '';
  const begun = since === undefined ? '' : `, begun ${new Date(since).toISOString()}`;
  const elsewhere = state === 'stranger' ? ', of another machine or container' : '';
  return `: ${holding?.what ?? 'a run'}${process}${elsewhere}${begun}`;
}
