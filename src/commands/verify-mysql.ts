import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { TwinDbError } from '../errors.ts';
import { parseStatements, type Statement } from '../jobs/boot/statements.ts';
import { type RecoverCopy, verifyMysql as verify } from '../jobs/restore/verify-mysql.ts';
import type { RecoveryTarget } from '../mysql/binlog/recovery-target.ts';
import { type Accepting, withAcceptance } from './accept-unauthenticated.ts';
import { askForCopy } from './ask-for-copy.ts';
import { bootAsJson } from './boot-as-json.ts';
import type { CommandContext } from './command.ts';
import { readTarget, requireUsed, type TargetOptions } from './recovery-options.ts';
import { verificationAsJson } from './verification-as-json.ts';

interface VerifyMysqlOptions extends Accepting, TargetOptions {
  readonly dst?: string;
  readonly hostname?: string;
  readonly boot?: true;
  /** Path of a file of statements. */
  readonly sql?: string;
  readonly moreLogs?: string;
}

/** Restores a copy to know that it can be restored, and prints what came of it as JSON, with and without `--json`. */
export async function verifyMysql(
  wanted: string | undefined,
  { dst, hostname, boot, sql, moreLogs, ...more }: VerifyMysqlOptions,
  context: CommandContext,
): Promise<boolean> {
  if (wanted === undefined) return await askForCopy('mysql', 'verify mysql COPY, or latest', context);
  const target = readTarget(more);
  requireUsed(target, { ...(moreLogs !== undefined && { moreLogs }) });
  const options = {
    recover: target && (await recoverWith(target, hostname ?? context.host, moreLogs)),
    dst: dst === undefined ? undefined : resolve(dst),
    host: hostname ?? context.host,
    // Before anything is fetched.
    boot: sql === undefined ? boot && [] : await readStatements(sql),
  };
  const verification = await verify(wanted, options, withAcceptance(context, more));
  const booted = verification.boot && bootAsJson(verification.boot);
  context.print(JSON.stringify(verificationAsJson(verification, booted), undefined, 2));
  return verification.failure === undefined;
}

/** What replays is loaded only where something is replayed. */
async function recoverWith(
  target: RecoveryTarget,
  host: string,
  moreLogs: string | undefined,
): Promise<RecoverCopy> {
  const { recoverTo } = await import('../jobs/recover/recover-copy.ts');
  return recoverTo(target, { host, moreLogs: moreLogs === undefined ? undefined : resolve(moreLogs) });
}

async function readStatements(file: string): Promise<Statement[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new TwinDbError(`Cannot read the statements in ${file}`, { cause });
  }
  return parseStatements(text, file);
}
