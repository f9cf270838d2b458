import { describe, expect, test } from 'vitest';
import { describeError } from '../../errors.ts';
import { authorization, type Environment, findProxy } from './proxy.ts';

const AMAZON = 'https://s3.eu-west-1.amazonaws.com';
const OWN = 'https://10.1.2.3:9000';
const P = 'http://p:1';

// The answers are those of boto3 1.43.107 on Python 3.11 to the same questions.
describe('the proxy that boto3 takes', () => {
  test.each<[Environment, string, string | undefined]>([
    [{}, AMAZON, undefined],
    [{ HTTPS_PROXY: P }, AMAZON, 'http://p:1/'],
    [{ https_proxy: P, HTTPS_PROXY: 'http://q:2' }, AMAZON, 'http://p:1/'],
    [{ https_proxy: '', HTTPS_PROXY: P }, AMAZON, undefined],
    [{ HTTP_PROXY: P }, AMAZON, undefined],
    [{ HTTP_PROXY: P }, 'http://h:7480', 'http://p:1/'],
    [{ HTTPS_PROXY: P }, 'http://h:7480', undefined],
    [{ ALL_PROXY: P, all_proxy: P }, AMAZON, undefined],
    [{ HTTPS_PROXY: 'p:1' }, AMAZON, 'http://p:1/'],
    [{ HTTPS_PROXY: '//p:1' }, AMAZON, 'http://p:1/'],
    [{ HTTPS_PROXY: 'https://p:1' }, AMAZON, 'https://p:1/'],
    [{ HTTPS_PROXY: P, NO_PROXY: 'x', no_proxy: 'amazonaws.com' }, AMAZON, undefined],
    [{ HTTPS_PROXY: P, NO_PROXY: 'amazonaws.com', no_proxy: '' }, AMAZON, 'http://p:1/'],
    [{ HTTPS_PROXY: P, NO_PROXY: 'amazonaws.com', no_proxy: 'x' }, AMAZON, 'http://p:1/'],
  ])('of %j for %s is %s', (environment, target, url) => {
    expect(findProxy(new URL(target), environment)?.url.href).toBe(url);
  });

  test.each([
    [AMAZON, '*', true],
    [AMAZON, 'amazonaws.com', true],
    [AMAZON, '.amazonaws.com', true],
    [AMAZON, '..amazonaws.com', true],
    [AMAZON, '*.amazonaws.com', false],
    [AMAZON, 'AMAZONAWS.COM', true],
    [AMAZON, 'naws.com', false],
    [AMAZON, 's3.eu-west-1.amazonaws.com', true],
    [AMAZON, 's3.eu-west-1.amazonaws.com:443', false],
    [AMAZON, 'foo, amazonaws.com ,bar', true],
    [AMAZON, 'localhost', false],
    [AMAZON, 'a,*', false],
    [AMAZON, '', false],
    [OWN, '10.1.2.3', true],
    [OWN, '10.1.2.3:9000', true],
    [OWN, '10.1.2.3:9001', false],
    [OWN, '10.0.0.0/8', false],
    [OWN, '.2.3', true],
    ['https://[::1]:9000', '[::1]', true],
    ['https://[::1]:9000', '::1', false],
    ['https://[::1]:9000', '[::1]:9000', true],
  ])('is left out for %s with NO_PROXY=%s: %s', (target, list, isExempt) => {
    const proxy = findProxy(new URL(target), { HTTPS_PROXY: P, NO_PROXY: list });
    expect(proxy === undefined).toBe(isExempt);
  });
});

test.each(['socks5://bob:secret@p:1', 'http://bob:secret@p:1:2', 'http://'])(
  '%s is an error that names the variable and keeps the password',
  (value) => {
    const find = () => findProxy(new URL(AMAZON), { https_proxy: value });
    expect(find).toThrow('The environment variable HTTPS_PROXY is no URL of an HTTP proxy');
    try {
      find();
    } catch (error) {
      expect(describeError(error)).not.toContain('secret');
    }
  },
);

test.each([
  ['http://p:1', undefined],
  ['http://bob:secret@p:1', 'bob:secret'],
  ['http://bob:p%40s%3As@p:1', 'bob:p@s:s'],
  ['http://bob:100%@p:1', 'bob:100%'],
  ['http://bob@p:1', 'bob:'],
])('the login of %s is %s', (value, login) => {
  const proxy = findProxy(new URL(AMAZON), { HTTPS_PROXY: value });
  const header = proxy && authorization(proxy)['proxy-authorization'];
  expect(header && Buffer.from(header.replace('Basic ', ''), 'base64').toString()).toBe(login);
});
