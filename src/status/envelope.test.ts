import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeEnvelope, encodeEnvelope, StatusDamagedError } from './envelope.ts';

const content = { yearly: {}, daily: { 'db1/daily/files/b': { z: 1, a: 'ü' } }, hourly: {} };
const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('the envelope of a status', () => {
  it('has sorted keys at every level, and the md5 of the base64 text', () => {
    const text = encodeEnvelope(content);
    const envelope = JSON.parse(text) as { md5: string; status: string; version: number };
    expect(Object.keys(envelope)).toEqual(['md5', 'status', 'version']);
    expect(envelope.version).toBe(1);
    expect(envelope.md5).toBe(md5(envelope.status));
    expect(Buffer.from(envelope.status, 'base64').toString()).toBe(
      '{"daily":{"db1/daily/files/b":{"a":"ü","z":1}},"hourly":{},"yearly":{}}',
    );
  });

  it('gives the same text for the same content, whatever the order of its keys', () => {
    expect(encodeEnvelope({ b: [{ d: 1, c: 2 }], a: null })).toBe(
      encodeEnvelope({ a: null, b: [{ c: 2, d: 1 }] }),
    );
  });

  it('is its own inverse, with the members beside it', () => {
    expect(decodeEnvelope(encodeEnvelope(content))).toEqual({ content, extra: {} });
    expect(decodeEnvelope(encodeEnvelope(content, { deletions: ['k'] }))).toEqual({
      content,
      extra: { deletions: ['k'] },
    });
  });

  it('cannot be overruled by a member beside it', () => {
    const text = encodeEnvelope(content, { md5: 'x', status: 'y', version: 9 });
    expect(decodeEnvelope(text)).toEqual({ content, extra: {} });
  });

  it.each(['', '\n', ' \r\n'])('may be absent: bare base64 is read, also before %j', (end) => {
    expect(decodeEnvelope(base64(JSON.stringify(content)) + end)).toEqual({ content, extra: {} });
  });

  it('reads what the Python tool wrote: with blanks after the separators', () => {
    const status = base64('{"hourly": {}, "daily": {}}');
    const text = `{"md5": "${md5(status)}", "status": "${status}", "version": 1}`;
    expect(decodeEnvelope(text).content).toEqual({ hourly: {}, daily: {} });
  });

  const whole = encodeEnvelope(content);
  it.each([
    ['nothing', '', 'it is empty'],
    ['blanks', ' \n', 'it is empty'],
    ['text that is no base64', '<html>502</html>', 'its content is not JSON'],
    ['base64 of something else', base64('hello'), 'its content is not JSON'],
    ['a list', base64('[]'), 'its content is not a JSON object'],
    ['a number', base64('7'), 'its content is not a JSON object'],
    ['zero bytes', '\0'.repeat(100), 'its content is not JSON'],
    ['an envelope that is cut short', whole.slice(0, -10), 'it is not JSON'],
    ['an envelope without a status', '{"md5": "x", "version": 1}', 'it has no "status" member'],
    ['an empty envelope', '{}', 'it has no "status" member'],
    ['a wrong md5', whole.replace(/"md5":"./, '"md5":"x'), 'its md5 does not match'],
    ['no md5', whole.replace('"md5"', '"md4"'), 'its md5 does not match'],
    ['a changed status', whole.replace('"status":"e', '"status":"f'), 'its md5 does not match'],
    ['something after it', `${whole}${whole}`, 'it is not JSON'],
  ])('refuses %s', (_, text, reason) => {
    expect(() => decodeEnvelope(text)).toThrow(StatusDamagedError);
    expect(() => decodeEnvelope(text)).toThrow(reason);
  });

  it('refuses every cut', () => {
    for (let end = 0; end < whole.length; end++) {
      expect(() => decodeEnvelope(whole.slice(0, end)), `cut after ${end}`).toThrow(StatusDamagedError);
    }
  });
});
