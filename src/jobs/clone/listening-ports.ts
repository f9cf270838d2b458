/** State of a socket that listens. Source: proc(5), /proc/net/tcp, and the kernel's TCP_LISTEN. */
const LISTEN = '0A';

/**
 * The ports that something listens on, of the text of /proc/net/tcp and /proc/net/tcp6: to be had everywhere, without any
 * program. A line begins `  sl: ADDRESS:PORT REMOTE:PORT STATE`, all in hex.
 */
export function readListeningPorts(text: string): ReadonlySet<number> {
  const lines = text.matchAll(/^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) /gm);
  return new Set(
    [...lines].filter(([, , state]) => state === LISTEN).map(([, port = '']) => Number.parseInt(port, 16)),
  );
}
