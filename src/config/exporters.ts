import { oneOf, port, secret, text, textfile, webUrl } from './kinds.ts';
import { type OptionRows, option, type ValueOf } from './option.ts';
import type { Secret } from './secret.ts';

/** What the configuration has of an exporter. */
interface Exporter<Rows extends OptionRows, C> {
  /** Its options in section [export]. */
  readonly options: Rows;
  /**
   * Its configuration, from the values of its own options. `refuse` warns of what is missing, in a sentence that goes on behind
   * `[export]`; then none is returned, as a backup must not fail for want of its metrics.
   */
  read(
    get: <N extends keyof Rows>(name: N) => ValueOf<Rows[N]>,
    refuse: (problem: string) => undefined,
  ): C | undefined;
}

/** Only for the types of the row's own options. */
function exporter<Rows extends OptionRows, C>(row: Exporter<Rows, C>): Exporter<Rows, C> {
  return row;
}

/** DogStatsD over UDP. */
interface DatadogAgent {
  readonly kind: 'agent';
  readonly host: string;
  readonly port: number;
}

/** Datadog's own HTTP API. */
export interface DatadogApi {
  readonly kind: 'api';
  readonly url: string;
  readonly apiKey: Secret;
}

/** Every exporter, one row each, by the name that `transport` has; src/exporters/export-report.ts has what does the work. */
export const EXPORTERS = {
  datadog: exporter({
    options: {
      via: option(
        oneOf(['agent', 'api']),
        'agent',
        'How they reach Datadog: through the agent, or straight to its HTTP API, which needs `api_key`.',
      ),
      agent_host: option(text, '127.0.0.1', 'Host of the Datadog agent.'),
      agent_port: option(port, '8125', 'UDP port of the Datadog agent (DogStatsD).'),
      api_url: option(
        webUrl,
        'https://api.datadoghq.com',
        'Datadog API of your site, such as `https://api.datadoghq.eu`.',
      ),
      api_key: option(secret, undefined, 'Datadog API key; needed with `via=api` only.'),
      app_key: option(
        secret,
        undefined,
        'Datadog application key; known from older files, and never needed.',
      ),
    },
    read(get, refuse): { readonly via: DatadogAgent | DatadogApi } | undefined {
      if (get('via') === 'agent') {
        return { via: { kind: 'agent', host: get('agent_host'), port: get('agent_port') } };
      }
      const apiKey = get('api_key');
      if (apiKey !== undefined) return { via: { kind: 'api', url: get('api_url'), apiKey } };
      return refuse('api_key is missing beside via=api, no metrics are sent; write it, or via=agent');
    },
  }),
  statsd: exporter({
    options: {
      statsd_host: option(text, '127.0.0.1', 'Host of the StatsD server.'),
      statsd_port: option(port, '8125', 'UDP port of the StatsD server.'),
    },
    read: (get) => ({ host: get('statsd_host'), port: get('statsd_port') }),
  }),
  prometheus: exporter({
    options: {
      prometheus_file: option(
        textfile,
        '/var/lib/prometheus/node-exporter/twindb_backup.prom',
        "File to keep for Prometheus, in the folder of node_exporter's textfile collector; each configuration needs its own.",
      ),
    },
    read: (get) => ({ file: get('prometheus_file') }),
  }),
};

/** The name of an exporter. */
export type Transport = keyof typeof EXPORTERS;

/** In the order of the table. */
export const TRANSPORTS = Object.keys(EXPORTERS) as Transport[];

/** The configuration of one exporter. */
export type ExportConfigOf<T extends Transport> = {
  readonly [K in T]: { readonly transport: K } & NonNullable<ReturnType<(typeof EXPORTERS)[K]['read']>>;
}[T];

export type ExportConfig = ExportConfigOf<Transport>;
