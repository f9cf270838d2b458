import { describeError } from '../errors.ts';
import { withoutKeys } from '../integrity/integrity.ts';
import type { CommandContext } from './command.ts';

/** The option `--accept-unauthenticated`. */
export interface Accepting {
  readonly acceptUnauthenticated?: boolean;
}

/**
 * The context of a command for which the operator answers for copies that no key of this machine has signed; keys that cannot be
 * read are then as if there were none.
 */
export function withAcceptance(
  context: CommandContext,
  { acceptUnauthenticated = false }: Accepting,
): CommandContext {
  if (!acceptUnauthenticated) return context;
  const integrity = { ...context.integrity, accept: true };
  try {
    integrity.keys();
    return { ...context, integrity };
  } catch (error) {
    context.log.warn(describeError(error));
    return { ...context, integrity: withoutKeys(integrity) };
  }
}
