import { TwinDbError } from '../errors.ts';
import { explainNetworkError } from '../network.ts';

/** The TwinDbError for metrics that could not be sent to `where`, because of an error of the network or another one. */
export function sendError(where: string, cause: unknown, remedy: string): TwinDbError {
  const reason = explainNetworkError(cause);
  return new TwinDbError(`Cannot send to ${where}${reason === undefined ? '' : `: ${reason}`}`, {
    cause,
    isExplained: reason !== undefined,
    remedy,
  });
}
