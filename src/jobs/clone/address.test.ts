import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from './address.ts';

describe('an address on the command line', () => {
  it.each([
    ['db2', { host: 'db2', port: undefined }],
    ['db2.example.com:3307', { host: 'db2.example.com', port: 3307 }],
    ['192.0.2.7:3306', { host: '192.0.2.7', port: 3306 }],
    ['[2001:db8::7]:3306', { host: '2001:db8::7', port: 3306 }],
    ['2001:db8::7', { host: '2001:db8::7', port: undefined }],
  ])('%s has host and port, and is written the same', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
    expect(formatAddress(address)).toBe(text);
  });

  it.each(['', 'db2:', 'db2:x', 'db 2', '-oProxyCommand=x', 'db2:0', 'db2:65536', 'root@db2', 'db2/x'])(
    '"%s" is refused',
    (text) => {
      expect(() => parseAddress(text)).toThrow(/"/);
    },
  );
});
