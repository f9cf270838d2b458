import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DESTINATION_KINDS, DRIVERS } from '../destinations/drivers.ts';
import { listWords } from './kinds.ts';
import { readConfig } from './read-config.ts';

const SAMPLE = '../../packaging/twindb-backup.cfg';
const path = fileURLToPath(new URL(SAMPLE, import.meta.url));

/** The sample with the sections of the destinations as the drivers have them; they are between [destination] and [integrity]. */
function renderSample(text: string): string {
  const sections = DESTINATION_KINDS.map((kind) => `[${kind}]\n${DRIVERS[kind].sample}\n`);
  return text
    .replace(/(?<=\n# EDIT: where the copies go: )[^.]*/, listWords(DESTINATION_KINDS))
    .replace(/(?<=\n\[destination\]\n(?:[^[].*\n)+\n)\[[^]*?(?=\[integrity\]\n)/, () => sections.join(''));
}

describe('the sample configuration', () => {
  it('has what each driver says about its section', async () => {
    await expect(renderSample(readFileSync(path, 'utf8'))).toMatchFileSnapshot(SAMPLE);
  });

  it('is read without a warning', () => {
    const warnings: string[] = [];
    expect(readConfig(path, (message) => warnings.push(message)).destination.kind).toBe('ssh');
    expect(warnings).toEqual([]);
  });
});
