import { oneOf, webHook } from './kinds.ts';
import { option } from './option.ts';
import type { Options } from './options.ts';
import type { Secret } from './secret.ts';

/** The services that can be told; src/notify/styles.ts has how. */
export const NOTIFY_STYLES = ['plain', 'healthchecks', 'ntfy', 'slack'] as const;

export type NotifyStyle = (typeof NOTIFY_STYLES)[number];

/** Who hears how a run ended. The URLs are secrets: whoever knows one can use it. */
export interface NotifyConfig {
  readonly style: NotifyStyle;
  /** Called after a run that went well. */
  readonly url: Secret | undefined;
  /** Called after a run that failed. */
  readonly failureUrl: Secret | undefined;
}

/** The options of section [notify]. */
export const NOTIFY_OPTIONS = {
  style: option(
    oneOf(NOTIFY_STYLES),
    'plain',
    'What the URLs belong to: `plain` gets a GET after success and a POST with the messages after failure; `healthchecks` is also told of the start and, without `failure_url`, of failures (`/start`, `/fail`); `ntfy` is a topic; `slack` is a webhook of Slack, or of what takes the same.',
  ),
  url: option(
    webHook,
    undefined,
    'URL to call after a run that went well; `{host}` and `{run_type}` in it are filled in. Absent: success is not told.',
  ),
  failure_url: option(
    webHook,
    undefined,
    'URL to call after a run that failed, with its messages as the body; placeholders as in `url`. Absent: failure is not told, except to healthchecks.',
  ),
};

/** Section [notify]. A backup must not fail for want of it: one without a URL is a warning. */
export function readNotify(
  options: Options,
  file: string,
  warn: (message: string) => void,
): NotifyConfig | undefined {
  if (!options.has('notify')) return undefined;
  const url = options.get('notify', 'url');
  const failureUrl = options.get('notify', 'failure_url');
  if (url !== undefined || failureUrl !== undefined) {
    return { style: options.get('notify', 'style'), url, failureUrl };
  }
  warn(`${file}: [notify] has neither url nor failure_url, nobody is told how a run ends; write one of them`);
  return undefined;
}
