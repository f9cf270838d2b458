import type { DatadogConfig, ExportConfig } from './config.ts';
import type { Options } from './options.ts';

/** Where metrics go. A backup must not fail for want of its metrics: what is missing is a warning, and none are sent. */
export function readExport(
  options: Options,
  file: string,
  warn: (message: string) => void,
): ExportConfig | undefined {
  if (!options.has('export')) return undefined;
  const refuse = (problem: string) => warn(`${file}: [export] ${problem}`);
  const transport = options.get('export', 'transport');
  switch (transport) {
    case undefined:
      refuse(
        'transport is missing, no metrics are sent; write transport=datadog, transport=statsd or transport=prometheus',
      );
      return undefined;
    case 'datadog':
      return readDatadog(options, refuse);
    case 'statsd':
      return {
        transport,
        host: options.get('export', 'statsd_host'),
        port: options.get('export', 'statsd_port'),
      };
    case 'prometheus':
      return { transport, file: options.get('export', 'prometheus_file') };
  }
}

function readDatadog(options: Options, refuse: (problem: string) => void): DatadogConfig | undefined {
  const transport = 'datadog';
  if (options.get('export', 'via') === 'agent') {
    const [host, port] = [options.get('export', 'agent_host'), options.get('export', 'agent_port')];
    return { transport, via: { kind: 'agent', host, port } };
  }
  const apiKey = options.get('export', 'api_key');
  if (apiKey === undefined) {
    refuse('api_key is missing beside via=api, no metrics are sent; write it, or via=agent');
    return undefined;
  }
  return { transport, via: { kind: 'api', url: options.get('export', 'api_url'), apiKey } };
}
