import type { NotifyStyle } from '../config/notify.ts';

/** A moment of a run that somebody may want to hear of. */
export interface Event {
  readonly moment: 'start' | 'success' | 'failure';
  /** One line for a title: run type, host, outcome. */
  readonly title: string;
  /** What there is to say, in one or more lines. */
  readonly message: string;
}

/** The URLs of section [notify] with their placeholders filled in. */
export interface NotifyUrls {
  readonly url: URL | undefined;
  readonly failureUrl: URL | undefined;
}

/** What to send. */
export interface Notification {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A notification for an event; undefined: nobody is to hear of it. */
type Style = (event: Event, urls: NotifyUrls) => Notification | undefined;

/** Where an outcome is told; nobody waits for the start. */
function urlOf({ moment }: Event, { url, failureUrl }: NotifyUrls): URL | undefined {
  if (moment === 'start') return undefined;
  return moment === 'success' ? url : failureUrl;
}

/** The same URL with one more step in its path. */
function below(url: URL, step: string): URL {
  const longer = new URL(url);
  longer.pathname = `${url.pathname.replace(/\/$/, '')}/${step}`;
  return longer;
}

const PLAIN_TEXT = { 'content-type': 'text/plain; charset=utf-8' };

/** Characters that a header may have: others would make of a title a request that no server takes. */
function asHeader(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}

/** How each service wants to be told, one row each. */
export const STYLES: { readonly [S in NotifyStyle]: Style } = {
  /** What curl would do: a call that says all is well, and one that brings the message. */
  plain(event, urls) {
    const url = urlOf(event, urls);
    if (url === undefined) return undefined;
    if (event.moment === 'success') return { method: 'GET', url, headers: {} };
    return { method: 'POST', url, headers: PLAIN_TEXT, body: event.message };
  },
  /** Source: Healthchecks.io, "Pinging API". */
  healthchecks({ moment, message }, { url, failureUrl }) {
    const post = (to: URL): Notification => ({ method: 'POST', url: to, headers: PLAIN_TEXT, body: message });
    if (moment === 'failure' && failureUrl !== undefined) return post(failureUrl);
    if (url === undefined) return undefined;
    if (moment === 'success') return post(url);
    return post(below(url, moment === 'start' ? 'start' : 'fail'));
  },
  /** Source: ntfy, "Publishing": the URL is that of a topic. */
  ntfy(event, urls) {
    const url = urlOf(event, urls);
    if (url === undefined) return undefined;
    const tags =
      event.moment === 'failure' ? { priority: 'high', tags: 'rotating_light' } : { tags: 'floppy_disk' };
    return {
      method: 'POST',
      url,
      headers: { ...PLAIN_TEXT, title: asHeader(event.title), ...tags },
      body: event.message,
    };
  },
  /** Source: Slack, "Incoming webhooks"; Mattermost, Rocket.Chat and Discord (`…/slack`) take the same. */
  slack(event, urls) {
    const url = urlOf(event, urls);
    if (url === undefined) return undefined;
    return {
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: `*${asMarkup(event.title)}*\n${asMarkup(event.message)}` }),
    };
  },
};

/** Text that must not turn into links and mentions. Source: Slack, "Formatting text", escaping. */
function asMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
