import { codeOf } from './errors.ts';

/** Why a connection or a packet got nowhere, in plain words. Codes: errno(3) and getaddrinfo(3). */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens on that port',
  ECONNRESET: 'the connection was cut',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'no answer',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name server does not answer',
};

/** The reason in words for an error of the network, or undefined when it is another one. */
export function explainNetworkError(error: unknown): string | undefined {
  return REASONS[codeOf(error) ?? ''];
}
