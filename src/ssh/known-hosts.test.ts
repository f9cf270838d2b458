import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findKnownKeys, fingerprint, knownHostsLine, knownHostsName, typeOfKey } from './known-hosts.ts';

/** A text as SSH's wire format writes it. */
function field(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, Buffer.from(text)]);
}

/** A key in wire format whose body only its seed tells from others; nothing here checks the mathematics. */
function makeKey(seed: string, type = 'ssh-ed25519'): Buffer {
  return Buffer.concat([field(type), field(seed.padEnd(32, '.'))]);
}

const A = makeKey('a');
const B = makeKey('b');

/** `PATTERNS TYPE BASE64`, with a marker in front where there is one. */
function line(patterns: string, key = A, marker = ''): string {
  return `${marker}${patterns} ${typeOfKey(key)} ${key.toString('base64')}`;
}

function knows(text: string, name: string): boolean {
  return findKnownKeys(text, name).length > 0;
}

describe('findKnownKeys', () => {
  test('gives every key of the host, with its line and type', () => {
    const rsa = makeKey('r', 'ssh-rsa');
    const text = [line('other'), line('db1'), '', line('db1', rsa)].join('\n');
    expect(findKnownKeys(text, 'db1')).toEqual([
      { line: 2, marker: undefined, type: 'ssh-ed25519', key: A },
      { line: 4, marker: undefined, type: 'ssh-rsa', key: rsa },
    ]);
  });

  test.each([
    ['db1', 'db1', true],
    ['db1', 'db10', false],
    ['db1,db2', 'db2', true],
    ['DB1', 'db1', true],
    ['db1', '[db1]:2222', false],
    ['[db1]:2222', '[db1]:2222', true],
    ['[db1]:2222', 'db1', false],
    ['[db1]:2222', '[db1]:22222', false],
    ['[::1]:2222', '[::1]:2222', true],
    ['*', 'anything', true],
    ['*.example.com', 'db1.example.com', true],
    ['*.example.com', 'db1-example.com', false],
    ['db?', 'db1', true],
    ['db?', 'db10', false],
    ['*.example.com,!db1.example.com', 'db2.example.com', true],
    ['*.example.com,!db1.example.com', 'db1.example.com', false],
    ['!db1.example.com,*.example.com', 'db1.example.com', false],
    ['!db1', 'db2', false],
    ['a+b(c', 'a+b(c', true],
  ])('pattern %s and host %s: %s', (patterns, name, expected) => {
    expect(knows(line(patterns), name)).toBe(expected);
  });

  test('marks revoked keys and certificate authorities', () => {
    const text = [line('db1', A, '@revoked '), line('db1', B, '@cert-authority ')].join('\n');
    expect(findKnownKeys(text, 'db1')).toEqual([
      { line: 1, marker: 'revoked', type: 'ssh-ed25519', key: A },
      { line: 2, marker: 'cert-authority', type: 'ssh-ed25519', key: B },
    ]);
  });

  test('skips comments and lines it cannot read, and goes on', () => {
    const text = [
      '# db1 ssh-ed25519 AAAA',
      `#${line('db1')}`,
      'db1',
      'db1 ssh-ed25519',
      'db1 ssh-ed25519 AAAA',
      `db1 ssh-rsa ${A.toString('base64')}`,
      '|1|broken ssh-ed25519 AAAA',
      `|2|c2FsdA==|aGFzaA== ssh-ed25519 ${A.toString('base64')}`,
      '@unknown-marker db1 ssh-ed25519 AAAA',
      `\t${line('db1', B)} a comment\r`,
    ].join('\n');
    expect(findKnownKeys(text, 'db1')).toEqual([
      { line: 10, marker: undefined, type: 'ssh-ed25519', key: B },
    ]);
  });
});

const run = (...args: string[]): string =>
  execFileSync('ssh-keygen', args, { encoding: 'utf8', stdio: 'pipe' });

describe('with the real ssh-keygen', () => {
  let dir = '';
  beforeAll(() => {
    dir = mkdtempSync(`${tmpdir()}/known-hosts-`);
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  test('finds hosts in a file hashed by ssh-keygen -H, bracketed ones too', () => {
    run('-q', '-t', 'ed25519', '-N', '', '-f', `${dir}/key`);
    const [type = '', base64 = ''] = readFileSync(`${dir}/key.pub`, 'utf8').split(' ');
    const file = `${dir}/known_hosts`;
    writeFileSync(file, `db1 ${type} ${base64}\n[db1]:2222 ${type} ${base64}\n`);
    run('-H', '-f', file);
    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain('db1');
    const key = Buffer.from(base64, 'base64');
    expect(findKnownKeys(text, 'db1')).toEqual([{ line: 1, marker: undefined, type, key }]);
    expect(findKnownKeys(text, '[db1]:2222')).toEqual([{ line: 2, marker: undefined, type, key }]);
    expect(findKnownKeys(text, 'db2')).toEqual([]);
    expect(findKnownKeys(text, '[db1]:2223')).toEqual([]);
    expect(run('-l', '-f', `${dir}/key.pub`)).toContain(` ${fingerprint(key)} `);
  });

  test('ssh-keygen -F finds the line we write', () => {
    const file = `${dir}/written`;
    run('-q', '-t', 'ed25519', '-N', '', '-f', `${dir}/server`);
    const key = Buffer.from(readFileSync(`${dir}/server.pub`, 'utf8').split(' ')[1] ?? '', 'base64');
    for (const [host, port] of [
      ['db1', 22],
      ['db1', 2222],
      ['::1', 2222],
    ] as const) {
      const name = knownHostsName(host, port);
      writeFileSync(file, knownHostsLine(name, key));
      expect(run('-F', name, '-f', file)).toContain(key.toString('base64'));
    }
  });
});

test.each([
  ['db1', 22, 'db1'],
  ['DB1.Example.com', 22, 'db1.example.com'],
  ['db1', 2222, '[db1]:2222'],
  ['::1', 22, '::1'],
  ['::1', 2222, '[::1]:2222'],
])('%s, port %i, is %s in known_hosts', (host, port, name) => {
  expect(knownHostsName(host, port)).toBe(name);
});
