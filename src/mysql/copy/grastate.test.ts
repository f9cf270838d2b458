import { describe, expect, it } from 'vitest';
import { formatGrastate, parseGaleraInfo } from './grastate.ts';

const UUID = 'b6f9a1c0-4d1f-11ef-9d55-0a1b2c3d4e5f';

describe('the Galera info of a copy', () => {
  it('becomes the five lines of the contract', () => {
    const position = parseGaleraInfo(`${UUID}:4711\n`);
    expect(position && formatGrastate(position)).toBe(
      `# GALERA saved state\nversion: 2.1\nuuid: ${UUID}\nseqno: 4711\nsafe_to_bootstrap: 0\n`,
    );
  });

  it('is read with what MariaDB writes behind it, and before the first transaction', () => {
    expect(parseGaleraInfo(`${UUID}:12 0-13-7`)).toEqual({ uuid: UUID, seqno: '12' });
    expect(parseGaleraInfo(`${UUID}:-1`)).toEqual({ uuid: UUID, seqno: '-1' });
  });

  it('is refused when it says something else', () => {
    for (const content of ['', 'nonsense', UUID, `${UUID}:`])
      expect(parseGaleraInfo(content)).toBeUndefined();
  });
});
