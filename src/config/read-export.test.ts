import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type ExportConfig, TRANSPORTS } from './exporters.ts';
import { createOptions } from './options.ts';
import { parseRawConfig } from './raw-config.ts';
import { readExport } from './read-export.ts';

function read(text: string): { readonly config: ExportConfig | undefined; readonly warnings: string[] } {
  const warnings: string[] = [];
  const warn = (message: string) => warnings.push(message);
  const options = createOptions('/cfg', parseRawConfig(text, '/cfg', warn));
  return { config: readExport(options, '/cfg', warn), warnings };
}

function quietly(text: string): ExportConfig | undefined {
  const { config, warnings } = read(text);
  expect(warnings).toEqual([]);
  return config;
}

it('datadog is its agent on this host, and the keys of older files go unused', () => {
  const keys = 'api_key=hunter2\napp_key=hunter3\n';
  expect(quietly(`[export]\ntransport=datadog\n${keys}`)).toEqual({
    transport: 'datadog',
    via: { kind: 'agent', host: '127.0.0.1', port: 8125 },
  });
  expect(quietly('[export]\ntransport=datadog\nagent_host=10.0.0.7\nagent_port=9125\n')).toMatchObject({
    via: { host: '10.0.0.7', port: 9125 },
  });
});

it('datadog is its HTTP API on request, with the key, which shows nowhere', () => {
  const config = quietly('[export]\ntransport=datadog\nvia=api\napi_key=hunter2\n');
  expect(config).toMatchObject({ via: { kind: 'api', url: 'https://api.datadoghq.com' } });
  expect(config?.transport === 'datadog' && config.via.kind === 'api' && config.via.apiKey.reveal()).toBe(
    'hunter2',
  );
  expect(JSON.stringify(config)).not.toContain('hunter');
});

it('statsd is on the standard port of this host, unless said otherwise', () => {
  expect(quietly('[export]\ntransport=statsd\n')).toEqual({
    transport: 'statsd',
    host: '127.0.0.1',
    port: 8125,
  });
});

it('prometheus is a file in the folder that Debian gives the collector', () => {
  expect(quietly('[export]\ntransport=prometheus\n')).toEqual({
    transport: 'prometheus',
    file: '/var/lib/prometheus/node-exporter/twindb_backup.prom',
  });
  expect(() => read('[export]\ntransport=prometheus\nprometheus_file=/var/lib/x.txt\n')).toThrow(
    '[export] prometheus_file must be an absolute path that ends in .prom, got "/var/lib/x.txt"',
  );
});

it('without a section there are no metrics', () => {
  expect(quietly('[source]\n')).toBeUndefined();
});

it('what is missing means no metrics, with a warning: a backup must not fail for it', () => {
  expect(read('[export]\napi_key=x\n')).toEqual({
    config: undefined,
    warnings: [
      '/cfg: [export] transport is missing, no metrics are sent; write transport=datadog, transport=statsd or transport=prometheus',
    ],
  });
  expect(read('[export]\ntransport=datadog\nvia=api\n')).toEqual({
    config: undefined,
    warnings: [
      '/cfg: [export] api_key is missing beside via=api, no metrics are sent; write it, or via=agent',
    ],
  });
});

it.each(TRANSPORTS)('%s is in the sample configuration and in the documentation', (transport) => {
  const shipped = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  expect(shipped('packaging/twindb-backup.cfg')).toContain(`\n#transport=${transport}\n`);
  expect(shipped('docs/usage.md')).toContain(`\`transport=${transport}\``);
});
