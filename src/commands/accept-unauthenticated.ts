import type { CommandContext } from './command.ts';

/** The option `--accept-unauthenticated`. */
export interface Accepting {
  readonly acceptUnauthenticated?: boolean;
}

/** The context of a command for which the operator answers for copies that no key of this machine has signed. */
export function withAcceptance(
  context: CommandContext,
  { acceptUnauthenticated = false }: Accepting,
): CommandContext {
  return acceptUnauthenticated ? { ...context, integrity: { ...context.integrity, accept: true } } : context;
}
