import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../log.ts';
import { recordMeasure } from './measures.ts';

interface Measure {
  readonly start: number;
  readonly finish: number;
  readonly duration: number;
}

describe('the measures log', () => {
  let dir: string;
  let path: string;
  let messages: string[];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'twindb-measures-'));
    path = join(dir, 'measures.log');
    messages = [];
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const record = (start: number, to = path) =>
    recordMeasure(
      to,
      { start: new Date(start * 1000), finish: new Date((start + 1.5) * 1000) },
      createLog('debug', (level, message) => messages.push(`${level}: ${message}`)),
    );
  const read = () => (JSON.parse(readFileSync(path, 'utf8')) as { measures: Measure[] }).measures;

  it('begins with the first run, in seconds', async () => {
    await record(1000);
    expect(read()).toEqual([{ start: 1000, finish: 1001.5, duration: 1.5 }]);
    expect(readdirSync(dir)).toEqual(['measures.log']);
    expect(messages).toEqual([]);
  });

  it('keeps the last 100 runs, and what the Python tool wrote among them', async () => {
    const old = Array.from({ length: 100 }, (_, start) => ({ start, finish: start + 1, duration: 1 }));
    writeFileSync(path, JSON.stringify({ measures: old }));
    await record(5000);
    expect(read()).toHaveLength(100);
    expect(read()[0]).toEqual(old[1]);
    expect(read().at(-1)?.start).toBe(5000);
  });

  it.each(['', 'x', '[]', '{}', '{"measures": 7}', 'null', '{"measures": [{"start"'])(
    'is begun anew, with a warning, when it holds %j',
    async (content) => {
      writeFileSync(path, content);
      await record(1000);
      expect(read()).toHaveLength(1);
      expect(messages).toEqual([`warn: The measures log ${path} was damaged and is begun anew`]);
    },
  );

  it('that cannot be written is a warning: the backup is safe by then', async () => {
    const folder = join(dir, 'folder');
    mkdirSync(folder);
    for (const target of [join(dir, 'absent/measures.log'), folder, '/dev/null/x'])
      await record(1000, target);
    expect(messages).toHaveLength(3);
    for (const message of messages) {
      expect(message).toMatch(/^warn: Cannot write the measures log .* \(the backup is not affected\)/);
    }
  });

  it.each([0o600, 0o644, 0o640])('keeps its mode, 0%o', async (mode) => {
    writeFileSync(path, '{"measures": []}');
    chmodSync(path, mode);
    await record(1000);
    expect(statSync(path).mode & 0o777).toBe(mode);
  });

  it('leaves nothing to others when it is new, or where somebody has planted a link', async () => {
    const victim = join(dir, 'victim');
    writeFileSync(victim, '{"measures": []}', { mode: 0o666 });
    for (const planted of [path, `${path}.new`]) symlinkSync(victim, planted);
    await record(1000);
    expect(readFileSync(victim, 'utf8')).toBe('{"measures": []}');
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
  });
});
