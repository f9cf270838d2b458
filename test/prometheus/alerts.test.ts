import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { format, update } from '../../src/exporters/prometheus-text.ts';

const promtool = (args: readonly string[], input = '') => {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
};

it('the alerts tell of what is wrong with backups, and of nothing else', () => {
  const tests = fileURLToPath(new URL('alerts.yml', import.meta.url));
  expect(promtool(['test', 'rules', tests])).toEqual({ status: 0, said: expect.stringContaining('SUCCESS') });
});

it('the text of the metrics is as Prometheus wants it', () => {
  const part = { media: 'files', source: '/a "b"\\\nc', runType: 'daily' } as const;
  const done = { ...part, work: 'backup', succeeded: true, finished: 1000, duration: 1.5, size: 10 } as const;
  const restored = { media: 'mysql', work: 'restore', succeeded: true, finished: 1000, duration: 2 } as const;
  const report = { host: 'db1', outcomes: [done, restored], configured: [part] };
  expect(promtool(['check', 'metrics'], format(update(new Map(), report)))).toEqual({ status: 0, said: '' });
});
