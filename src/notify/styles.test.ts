import { describe, expect, it } from 'vitest';
import type { NotifyStyle } from '../config/notify.ts';
import { type Event, type NotifyUrls, STYLES } from './styles.ts';

const event = (moment: Event['moment']): Event => ({
  moment,
  title: `daily backup of db1: ${moment}`,
  message: 'Cannot back up /home: <no> & none\nNothing was backed up',
});

const BOTH: NotifyUrls = {
  url: new URL('https://h.example/ok?a=1'),
  failureUrl: new URL('https://h.example/bad'),
};
const ONLY_URL: NotifyUrls = { ...BOTH, failureUrl: undefined };
const ONLY_FAILURE: NotifyUrls = { ...BOTH, url: undefined };

/** The method and the URL of each moment. */
function calls(style: NotifyStyle, urls: NotifyUrls): (string | undefined)[] {
  return (['start', 'success', 'failure'] as const).map((moment) => {
    const sent = STYLES[style](event(moment), urls);
    return sent && `${sent.method} ${sent.url.href}`;
  });
}

describe('which moments are told, and where', () => {
  it.each<[NotifyStyle, string]>([
    ['plain', 'GET'],
    ['ntfy', 'POST'],
    ['slack', 'POST'],
  ])('%s: success and failure, each only where it has a URL', (style, method) => {
    const [ok, bad] = [`${method} https://h.example/ok?a=1`, 'POST https://h.example/bad'];
    expect(calls(style, BOTH)).toEqual([undefined, ok, bad]);
    expect(calls(style, ONLY_URL)).toEqual([undefined, ok, undefined]);
    expect(calls(style, ONLY_FAILURE)).toEqual([undefined, undefined, bad]);
  });

  it('healthchecks: the start and failures below the one URL, unless failures have their own', () => {
    const [start, ok, fail] = ['start?a=1', 'ok?a=1', 'fail?a=1'];
    expect(calls('healthchecks', ONLY_URL)).toEqual([
      `POST https://h.example/ok/${start}`,
      `POST https://h.example/${ok}`,
      `POST https://h.example/ok/${fail}`,
    ]);
    expect(calls('healthchecks', BOTH)[2]).toBe('POST https://h.example/bad');
    expect(calls('healthchecks', ONLY_FAILURE)).toEqual([undefined, undefined, 'POST https://h.example/bad']);
  });
});

describe('what is sent', () => {
  it.each<NotifyStyle>(['plain', 'healthchecks', 'ntfy'])('%s: the messages as they are', (style) => {
    expect(STYLES[style](event('failure'), BOTH)?.body).toBe(event('failure').message);
  });

  it('ntfy: a title that fits into a header, whatever the host is called', () => {
    const sent = STYLES.ntfy({ ...event('failure'), title: 'daily backup of dbé\n1' }, BOTH);
    expect(sent?.headers).toMatchObject({ title: 'daily backup of db??1', priority: 'high' });
  });

  it('slack: JSON in which nothing of a message becomes a link or calls somebody', () => {
    const { text } = JSON.parse(
      STYLES.slack({ ...event('failure'), message: '<!channel> & more' }, BOTH)?.body ?? '',
    );
    expect(text).toBe('*daily backup of db1: failure*\n&lt;!channel&gt; &amp; more');
  });
});
