import { unescape } from 'node:querystring';
import { ConfigError } from '../../errors.ts';

/**
 * Which proxy a request to S3 takes, as boto3 finds it: `urllib.request.getproxies_environment` and `proxy_bypass_environment` of Python, and
 * `botocore.httpsession.ProxyConfiguration` (botocore 1.43). Networks such as 10.0.0.0/8 and `ALL_PROXY` mean nothing to them.
 */

export type Environment = Readonly<Record<string, string | undefined>>;

/** A proxy. */
export interface Proxy {
  /** With `http:` or `https:`. It may hold a password: `host` is for messages. */
  readonly url: URL;
  /** The variable that names it, in upper case. */
  readonly variable: string;
}

/** What a variable says that may be written in upper or lower case; the latter wins, also where it is empty. */
function readVariable(environment: Environment, name: string): string | undefined {
  return environment[name] ?? environment[name.toUpperCase()];
}

/**
 * The proxy for requests to `target`, of which scheme, host and port count; undefined where they go straight there. Throws a
 * ConfigError for a variable that names no proxy.
 */
export function findProxy(target: URL, environment: Environment): Proxy | undefined {
  const variable = target.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const value = readVariable(environment, variable);
  if (!value || isExempt(target, readVariable(environment, 'no_proxy') ?? '')) return undefined;
  const url = parseProxy(value);
  const shown = variable.toUpperCase();
  if (url !== undefined) return { url, variable: shown };
  // Its value may hold a password.
  throw new ConfigError(`The environment variable ${shown} is no URL of an HTTP proxy`, {
    remedy:
      'Write it as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, with %40 for an @ in a password.',
  });
}

/** `NO_PROXY` is `*`, or names hosts, with or without a port, and the domains that they are in. */
function isExempt({ host, hostname }: URL, list: string): boolean {
  if (list === '*') return true;
  const names = list.split(',').map((name) => name.trim().replace(/^\.+/, '').toLowerCase());
  return names.some((name) => name !== '' && [host, hostname].some((own) => `.${own}`.endsWith(`.${name}`)));
}

function parseProxy(value: string): URL | undefined {
  const isUrl = /^[a-z0-9+.-]+:\/\//i.test(value);
  const text = isUrl ? value : `http://${value.replace(/^\/\//, '')}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && ['http:', 'https:'].includes(url.protocol) ? url : undefined;
}

/** The header by which a proxy is told who asks; none where its URL names nobody. */
export function authorization({ url: { username, password } }: Proxy): { 'proxy-authorization'?: string } {
  if (username === '') return {};
  const login = Buffer.from(`${unescape(username)}:${unescape(password)}`).toString('base64');
  return { 'proxy-authorization': `Basic ${login}` };
}
