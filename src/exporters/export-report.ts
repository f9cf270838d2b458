import type { ExportConfig, ExportConfigOf, Transport } from '../config/exporters.ts';
import { describeError, TwinDbError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Exporter, Report } from './report.ts';

/** Every exporter, one row each; loaded only when it is configured. */
const EXPORTERS = {
  datadog: async (...args) => (await import('./datadog.ts')).exportToDatadog(...args),
  statsd: async (...args) => (await import('./statsd.ts')).exportToStatsd(...args),
  prometheus: async (...args) => (await import('./prometheus.ts')).exportToPrometheus(...args),
} satisfies { [T in Transport]: Exporter<ExportConfigOf<T>> };

/** How long metrics may take in all, in milliseconds: a monitoring that hangs must not hold a backup up. */
const LIMIT_MS = 2000;

/** Exports a report, if the configuration says where to. Never throws: a failure is a warning, as the work is done. */
export async function exportReport(
  config: ExportConfig | undefined,
  report: Report,
  log: Log,
): Promise<void> {
  if (config === undefined || (report.outcomes.length === 0 && report.stream === undefined)) return;
  const send = EXPORTERS[config.transport] as Exporter<ExportConfig>;
  const limit = new AbortController();
  const late = new TwinDbError(`no end after ${LIMIT_MS / 1000} seconds`, {
    remedy: 'Check the network, the name servers and section [export].',
  });
  const timer = setTimeout(() => limit.abort(late), LIMIT_MS);
  try {
    // What the signal does not end, such as a lookup by the system, is left behind.
    const aborted = new Promise<never>((_, reject) => {
      limit.signal.addEventListener('abort', () => reject(late), { once: true });
    });
    await Promise.race([send(config, report, limit.signal), aborted]);
    log.debug(`Exported metrics (${config.transport})`);
  } catch (error) {
    log.warn(
      `No metrics were exported to ${config.transport} (backups and restores are not affected): ${describeError(error)}`,
    );
  } finally {
    clearTimeout(timer);
  }
}
