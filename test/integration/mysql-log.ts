import type { Log } from '../../src/log.ts';

/** A log that keeps its messages, each with its level in front. */
export function collectLog(): { log: Log; messages: string[] } {
  const messages: string[] = [];
  const at = (level: string) => (message: string) => void messages.push(`${level} ${message}`);
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, messages };
}
