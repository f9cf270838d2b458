import { LATEST } from '../catalogue/newest-copies.ts';
import { noteVerification } from '../jobs/restore/note-verification.ts';
import { type FileVerification, verifyFiles } from '../jobs/restore/verify-file.ts';
import { type Accepting, withAcceptance } from './accept-unauthenticated.ts';
import { askForCopy } from './ask-for-copy.ts';
import type { CommandContext } from './command.ts';
import { requireLatest } from './require-latest.ts';
import { verificationAsJson } from './verification-as-json.ts';

interface VerifyFileOptions extends Accepting {
  readonly hostname?: string;
  /** A directory. */
  readonly source?: string;
}

/** Reads copies of directories to their ends, and prints what came of it as JSON, with and without `--json`. */
export async function verifyFile(
  wanted: string | undefined,
  { hostname, source, ...accepting }: VerifyFileOptions,
  context: CommandContext,
): Promise<boolean> {
  if (wanted === undefined) return await askForCopy('files', 'verify file COPY, or latest', context);
  requireLatest(wanted, { source, hostname });
  const options = { host: hostname ?? context.host, source };
  const results = await verifyFiles(wanted, options, withAcceptance(context, accepting));
  for (const result of results)
    await noteVerification({ host: options.host, source: result.source }, result, context);
  const success = results.every(({ failure }) => failure === undefined);
  const [first, ...others] = results.map(toJson);
  const isOne = wanted !== LATEST || source !== undefined;
  const document = isOne && others.length === 0 ? first : { success, copies: [first, ...others] };
  context.print(JSON.stringify(document, undefined, 2));
  return success;
}

const NAMES = { size: 'size', sha256: 'sha256', unpackedSize: 'unpacked_size', members: 'members' } as const;

function toJson({ source, members, unpackedSize, notRecorded, ...verification }: FileVerification): object {
  return verificationAsJson(verification, {
    source: source ?? null,
    members: members ?? null,
    unpacked_size: unpackedSize ?? null,
    not_recorded: notRecorded.map((property) => NAMES[property]),
  });
}
