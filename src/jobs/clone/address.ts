import { TwinDbError } from '../../errors.ts';

/** A server as the command line names it. */
export interface Address {
  readonly host: string;
  /** Undefined: not said. */
  readonly port: number | undefined;
}

/** Reads `host[:port]`; an IPv6 address with a port stands in brackets. Throws a TwinDbError that says what is wrong. */
export function parseAddress(text: string): Address {
  const bare = (text.match(/:/g) ?? []).length > 1 && !text.startsWith('[');
  const [, bracketed, plain, digits] = bare
    ? [text, text]
    : (/^(?:\[([^\]\s]+)\]|([^\s:[\]/@]+))(?::(\d+))?$/.exec(text) ?? []);
  const host = bracketed ?? plain;
  const port = digits === undefined ? undefined : Number(digits);
  if (host === undefined || host.startsWith('-')) throw new TwinDbError(`"${text}" is not HOST or HOST:PORT`);
  if (port !== undefined && (port < 1 || port > 65_535)) {
    throw new TwinDbError(`"${text}": a port is a number from 1 to 65535`);
  }
  return { host, port };
}

/** The inverse of `parseAddress`, for messages. */
export function formatAddress({ host, port }: Address): string {
  const name = host.includes(':') && port !== undefined ? `[${host}]` : host;
  return port === undefined ? name : `${name}:${port}`;
}
