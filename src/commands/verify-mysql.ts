import { resolve } from 'node:path';
import { SERVER_SOURCE } from '../copies/mysql-copy.ts';
import { noteVerification } from '../jobs/restore/note-verification.ts';
import { verifyMysql as verify } from '../jobs/restore/verify-mysql.ts';
import { type Accepting, withAcceptance } from './accept-unauthenticated.ts';
import { askForCopy } from './ask-for-copy.ts';
import type { CommandContext } from './command.ts';
import { verificationAsJson } from './verification-as-json.ts';

interface VerifyMysqlOptions extends Accepting {
  readonly dst?: string;
  readonly hostname?: string;
}

/** Restores a copy to know that it can be restored, and prints what came of it as JSON, with and without `--json`. */
export async function verifyMysql(
  wanted: string | undefined,
  { dst, hostname, ...accepting }: VerifyMysqlOptions,
  context: CommandContext,
): Promise<boolean> {
  if (wanted === undefined) return await askForCopy('mysql', 'verify mysql COPY, or latest', context);
  const options = { dst: dst === undefined ? undefined : resolve(dst), host: hostname ?? context.host };
  const verification = await verify(wanted, options, withAcceptance(context, accepting));
  await noteVerification({ host: options.host, source: SERVER_SOURCE }, verification, context);
  context.print(JSON.stringify(verificationAsJson(verification), undefined, 2));
  return verification.failure === undefined;
}
