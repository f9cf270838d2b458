import { expect, it } from 'vitest';
import { readNotify } from './notify.ts';
import { createOptions } from './options.ts';
import { parseRawConfig } from './raw-config.ts';

function read(text: string): { style: string | undefined; warnings: string[] } {
  const warnings: string[] = [];
  const raw = parseRawConfig(text, '/cfg', (message) => warnings.push(message));
  const config = readNotify(createOptions('/cfg', raw), '/cfg', (message) => warnings.push(message));
  return { style: config?.style, warnings };
}

it('without the section nobody is told', () => {
  expect(read('[source]\n')).toEqual({ style: undefined, warnings: [] });
});

it('a section without a URL is a warning, as a backup must not fail for want of it', () => {
  expect(read('[notify]\nstyle=slack\n')).toEqual({
    style: undefined,
    warnings: [
      '/cfg: [notify] has neither url nor failure_url, nobody is told how a run ends; write one of them',
    ],
  });
});

it('one URL is enough', () => {
  expect(read('[notify]\nfailure_url=https://x.example/{host}\n')).toEqual({ style: 'plain', warnings: [] });
});

it('a wrong URL is refused without being shown', () => {
  expect(() => read('[notify]\nurl=ftp://token@x.example/\n')).toThrow(
    /^\/cfg: \[notify\] url must be a URL that starts with http:\/\/ or https:\/\/$/,
  );
});
