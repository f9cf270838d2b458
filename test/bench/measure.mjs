// What one command took: time by bash, memory by watching its process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

const SAMPLE_MS = 10;

/** Passed to bash with the command as its arguments; bash counts the processor time of every program it waited for. */
const TIMED = 'TIMEFORMAT=\'%R %U %S\'; time "$@"';

/**
 * Runs `argv` and resolves to its seconds of wall time, its seconds of processor time with all programs it started,
 * and the largest resident memory of its first process alone, in MB (10^6 bytes).
 */
export async function measure(argv) {
  const child = spawn('bash', ['-c', TIMED, 'bash', ...argv], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  let peakKib = 0;
  const sampler = setInterval(() => {
    peakKib = Math.max(peakKib, readPeak(child.pid));
  }, SAMPLE_MS);
  const [code] = await once(child, 'close');
  clearInterval(sampler);
  const lines = stderr.trimEnd().split('\n');
  const [wall, user, system] = (lines.pop() ?? '').split(' ').map(Number);
  if (code !== 0) throw new Error(`${argv.join(' ')} failed with exit code ${code}\n${lines.join('\n')}`);
  return { wall, cpu: user + system, peak: (peakKib * 1024) / 1e6 };
}

/** KiB that the child of `pid` held at most so far. The kernel keeps the record, so seldom looking loses little. */
function readPeak(pid) {
  try {
    const child = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0];
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${child}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0; // it has not started yet, or is gone already
  }
}

/** The middle one; of an even number, the mean of the two in the middle. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
