import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { feedWatchdog } from './feed-watchdog.ts';

let folder: string;
let told: string;

/** A stand-in for systemd-notify, as no systemd runs here: it writes down what it was told, and whom to tell. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'twindb-watchdog-'));
  told = join(folder, 'told');
  writeFileSync(told, '');
  const script = `#!/bin/sh\necho "$* $NOTIFY_SOCKET" >> ${told}\n`;
  writeFileSync(join(folder, 'systemd-notify'), script, { mode: 0o755 });
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const lines = () => readFileSync(told, 'utf8').split('\n').slice(0, -1);

it('tells systemd again and again that the process is alive, until the signal comes', async () => {
  const controller = new AbortController();
  const feeding = feedWatchdog(controller.signal, {
    NOTIFY_SOCKET: '/run/systemd/notify',
    WATCHDOG_USEC: '20000',
    WATCHDOG_PID: String(process.pid),
  });
  feeding.catch(() => undefined);
  while (lines().length < 3) await sleep(10);
  controller.abort(new Error('enough'));
  await expect(feeding).rejects.toThrow();
  expect(new Set(lines())).toEqual(new Set(['--no-block WATCHDOG=1 /run/systemd/notify']));
});

it('does nothing where nothing watches, or another process is watched', async () => {
  const { signal } = new AbortController();
  const watched = { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '20000' };
  for (const environment of [
    {},
    { ...watched, NOTIFY_SOCKET: '' },
    { NOTIFY_SOCKET: '/run/systemd/notify' },
    { ...watched, WATCHDOG_USEC: 'soon' },
    { ...watched, WATCHDOG_PID: '1' },
  ])
    await feedWatchdog(signal, environment);
  expect(lines()).toEqual([]);
});

it('fails when systemd cannot be told', async () => {
  writeFileSync(join(folder, 'systemd-notify'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const { signal } = new AbortController();
  const environment = { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '20000' };
  await expect(feedWatchdog(signal, environment)).rejects.toThrow('systemd-notify failed with exit code 1');
});
