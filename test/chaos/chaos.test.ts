import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { useLab } from '../lab/lab.ts';
import {
  type CampaignOptions,
  describeViolation,
  formatTable,
  type Judged,
  runCampaign,
} from './campaign.ts';
import { FAULTS } from './faults.ts';
import { nameOf } from './points.ts';
import { SCENES } from './scenes.ts';

const lab = useLab();

/** Set by `make chaos`; without it there is a sample. */
const minutes = Number(process.env['CHAOS_MINUTES'] ?? 0);
/** `SCENE/FAULT/N`: this one only. */
const wanted = process.env['CHAOS_POINT'];
const onlyScenes = process.env['CHAOS_SCENES']?.split(',');
const isCampaign = minutes > 0 || wanted !== undefined;
/** The sample is the same each time, so that a failure is one of the change at hand. */
const seed = Number(process.env['CHAOS_SEED'] ?? (isCampaign ? Math.floor(Math.random() * 2 ** 31) : 1));

/** A file with a line for each point; points that it has already are not tried again, so that a campaign can go on another day. */
const logFile = process.env['CHAOS_LOG'];

function readLog(file: string): Judged[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Judged);
}

async function campaign(options: Omit<CampaignOptions, 'seed' | 'report'>): Promise<void> {
  const said: string[] = [];
  process.stdout.write(`CHAOS_SEED=${seed}\n`);
  const result = await runCampaign(lab, {
    ...options,
    seed,
    report(point, verdict) {
      const { outcome, violations, run } = verdict;
      if (logFile)
        appendFileSync(
          logFile,
          `${JSON.stringify({ point: nameOf(point), outcome, violations, at: run.at })}\n`,
        );
      if (violations.length === 0) return;
      const text = describeViolation(seed, point, verdict);
      said.push(text);
      if (isCampaign) process.stdout.write(`${text}\n`);
    },
  });
  if (isCampaign) process.stdout.write(`\n${formatTable(result)}\n`);
  expect(said.join('\n')).toBe('');
  expect(result.judged.some(({ outcome }) => outcome !== 'not reached')).toBe(true);
}

describe('a run that meets a fault at any point', () => {
  if (isCampaign) {
    it('breaks no promise', { timeout: 86_400_000 }, async () => {
      await campaign({
        // They wait for other programs more than they work.
        lanes: wanted === undefined ? Number(process.env['CHAOS_LANES'] ?? 2) : 1,
        scenes: SCENES.filter(
          ({ name }) => wanted?.startsWith(`${name}/`) ?? onlyScenes?.includes(name) ?? true,
        ),
        choose: (chosen, all) =>
          wanted === undefined ? chosen : all.filter((point) => nameOf(point) === wanted),
        ...(logFile !== undefined && wanted === undefined && { found: readLog(logFile) }),
        ...(minutes > 0 && { limit: minutes * 60_000 }),
      });
    });
    return;
  }
  it('breaks no promise in a sample', { timeout: 1_200_000 }, async () => {
    // A world takes as long to make as some points: one for each destination, and one of MySQL.
    const samples = { 'files-local-gpg-kept': 6, 'files-ssh': 6, 'files-s3-parts': 6, 'mysql-local': 1 };
    await campaign({
      lanes: 2,
      scenes: SCENES.filter(({ name }) => name in samples),
      choose: (chosen) => chosen.slice(0, samples[chosen[0]?.scene.name as keyof typeof samples]),
    });
  });

  it('is what docs/reliability.md promises, each line with a test that is there', () => {
    const root = new URL('../../', import.meta.url);
    const page = readFileSync(new URL('docs/reliability.md', root), 'utf8');
    const promises = [...page.matchAll(/^\| .* \| `([^`]+)`: (.+?) +\|$/gm)];
    expect(promises.length).toBeGreaterThan(15);
    for (const [line, file = '', title = ''] of promises)
      expect(readFileSync(new URL(file, root), 'utf8'), line).toContain(title);
  });

  it('has names that CHAOS_POINT can tell apart', () => {
    expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
  });
});
