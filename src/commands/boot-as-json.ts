import type { BootVerification } from '../jobs/restore/verification.ts';

/** The documented shape of what `verify mysql --boot` adds; see docs/usage.md. What it did not come to is null. */
export function bootAsJson({
  fetch,
  prepare,
  replay,
  report,
  gtid,
  reached,
  rto,
  rpo,
}: BootVerification): object {
  const { boot, check, sql, stop } = report?.seconds ?? {};
  return {
    seconds: Object.fromEntries(
      Object.entries({ fetch, prepare, boot, replay, check, sql, stop }).map(([step, seconds]) => [
        step,
        seconds ?? null,
      ]),
    ),
    server_version: report?.serverVersion ?? null,
    tables: report === undefined ? null : tablesAsJson(report),
    statements: report === undefined ? null : { run: report.statements, failed: report.failedStatements },
    xa_prepared: report?.xaPrepared ?? null,
    last_gtid: gtid ?? null,
    reached: reached === undefined ? null : new Date(reached * 1000).toISOString(),
    rto: rto ?? null,
    rpo: rpo ?? null,
  };
}

function tablesAsJson({
  checked,
  expected,
  unchecked,
  bad,
  warnings,
}: NonNullable<BootVerification['report']>): object {
  return { checked, expected: expected ?? null, unchecked, bad, warnings };
}
