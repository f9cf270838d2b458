import { spawnSync } from 'node:child_process';
import { PassThrough, Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { InterruptedError, ProcessError } from '../errors.ts';
import type { Program } from '../process/program.ts';
import { runPipeline } from './run-pipeline.ts';

const never = new AbortController().signal;

/** A real program: a shell script in an argument. */
function sh(script: string, more: Partial<Program> = {}): Program {
  return { command: 'sh', args: ['-c', script], debianPackage: 'dash', ...more };
}

/** Keeps what it is given, and tells whether it was committed or undone. */
class Sink extends Writable {
  readonly chunks: Buffer[] = [];
  committed = false;
  undone = false;

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.chunks.push(chunk);
    callback();
  }

  override _final(callback: () => void): void {
    this.committed = true;
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // A slow clean-up: the pipeline must not report before it is over.
    setTimeout(() => {
      this.undone = !this.committed;
      callback(error);
    }, 50);
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

function running(marker: string): boolean {
  return spawnSync('pgrep', ['-f', marker]).status === 0;
}

describe('a pipeline that succeeds', () => {
  it('carries the bytes through programs and streams into the sink', async () => {
    const sink = new Sink();
    await runPipeline([sh('printf abc'), sh('tr a-z A-Z'), new PassThrough(), sh('rev'), sink], never);
    expect(sink.text.trim()).toBe('CBA');
    expect(sink.committed).toBe(true);
  });

  it('takes a stream of ours as its source and a program as its end', async () => {
    const ends: number[] = [];
    const end = sh('test "$(cat)" = hello', { onSuccess: () => ends.push(0) });
    await runPipeline([Readable.from([Buffer.from('hello')]), end], never);
    expect(ends).toEqual([0]);
  });

  it('carries 64 MiB through three joined programs whole', async () => {
    let size = 0;
    const sink = new Writable({
      write(chunk: Buffer, _encoding, callback) {
        size += chunk.length;
        callback();
      },
    });
    await runPipeline([sh('head -c 67108864 /dev/zero'), sh('cat'), sh('cat'), sink], never);
    expect(size).toBe(67108864);
  });

  it('accepts the exit codes a program calls a warning, and hands over its last words', async () => {
    const words: string[] = [];
    const source = sh('echo changed >&2; printf x; exit 1', {
      allows: ({ exitCode }) => exitCode === 1,
      onSuccess: (end) => words.push(`${end.exitCode}`, ...end.stderr),
    });
    const sink = new Sink();
    await runPipeline([source, sink], never);
    expect(words).toEqual(['1', 'changed']);
    expect(sink.committed).toBe(true);
  });
});

describe('a pipeline in which a stage fails', () => {
  const big = 'head -c 9000000 /dev/zero';

  it.each([
    ['the source after its bytes', [sh(`${big}; echo lost >&2; exit 2`), sh('cat')]],
    ['the source before any byte', [sh('echo lost >&2; exit 2'), sh('cat')]],
    [
      'the source, whose stdout ended long before',
      [sh(`${big}; exec >&-; sleep 0.3; echo lost >&2; exit 2`)],
    ],
    ['a modifier after all its bytes', [sh(big), sh('cat; echo lost >&2; exit 2')]],
    [
      'a modifier that stops reading',
      [sh(big), sh('head -c 10; exec <&-; sleep 0.2; echo lost >&2; exit 2')],
    ],
    ['a modifier behind a stream of ours', [sh(big), new PassThrough(), sh('echo lost >&2; exit 2')]],
    [
      'a modifier in front of a stream of ours',
      [sh(big), sh('head -c 10; echo lost >&2; exit 2'), new PassThrough()],
    ],
    ['the middle of three', [sh(big), sh('head -c 10; echo lost >&2; exit 2'), sh('cat')]],
  ] as const)('commits nothing and reports the first cause: %s', async (_title, stages) => {
    const sink = new Sink();
    const error: unknown = await runPipeline([...stages, sink] as never, never).catch(
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(ProcessError);
    expect(error).toMatchObject({ exitCode: 2, stderr: ['lost'] });
    expect(sink.committed).toBe(false);
    expect(sink.undone).toBe(true);
  });

  it('reports the sink when the sink fails, not the programs it made fail', async () => {
    const full = new Writable({
      write: (_chunk, _encoding, callback) => callback(new Error('no space left')),
    });
    await expect(runPipeline([sh(big), sh('cat'), full], never)).rejects.toThrow('no space left');
  });

  it('reports a final program that exits 0 without having read everything', async () => {
    const error: unknown = await runPipeline(
      [sh(big), new PassThrough(), sh('head -c 1 > /dev/null')],
      never,
    ).catch((caught: unknown) => caught);
    expect((error as Error).message).toContain('stopped reading before the end');
  });

  it.each([
    ['a final program', () => []],
    ['a program in the middle', () => [new Sink()]],
  ] as const)('reports %s that exits 0 while less than a buffer waits for it', async (_, behind) => {
    for (let run = 0; run < 20; run += 1) {
      // Pending in this process when the program ends: no further write meets the broken pipe.
      const stages = [Readable.from([Buffer.alloc(900_000)]), sh('head -c 1'), ...behind()];
      const outcome = runPipeline(stages as unknown as Parameters<typeof runPipeline>[0], never);
      await expect(outcome, `run ${run}`).rejects.toThrow('stopped reading before the end');
    }
  });

  it('names the Debian package of a program that is not installed, and ends the others', async () => {
    const missing: Program = { command: 'no-such-program', args: [], debianPackage: 'some-package' };
    const sink = new Sink();
    const error: unknown = await runPipeline([sh('sleep 987654'), missing, sh('cat'), sink], never).catch(
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({ remedy: 'Install it: apt-get install some-package' });
    expect((error as Error).message).toBe('no-such-program is not installed');
    expect(sink.committed).toBe(false);
    expect(running('sleep 987654')).toBe(false);
  });

  it('releases what each program had acquired, also of those that never started', async () => {
    const released: string[] = [];
    const release = (name: string) => async () => {
      released.push(name);
    };
    const missing: Program = {
      command: 'no-such',
      args: [],
      debianPackage: 'x',
      release: release('missing'),
    };
    const stages = [
      sh('printf x', { release: release('a') }),
      missing,
      sh('cat', { release: release('c') }),
    ] as const;
    await runPipeline([...stages, new Sink()], never).catch(() => undefined);
    expect(released.toSorted()).toEqual(['a', 'c', 'missing']);
  });
});

describe('an interrupted pipeline', () => {
  it('ends every program and its children, undoes the sink and throws the reason', async () => {
    const stop = new AbortController();
    const sink = new Sink();
    const interrupted = runPipeline([sh('sleep 876543 & wait'), sh('cat'), sink], stop.signal);
    setTimeout(() => stop.abort(new InterruptedError('SIGTERM')), 200);
    await expect(interrupted).rejects.toBeInstanceOf(InterruptedError);
    expect(sink.undone).toBe(true);
    await delay(50);
    expect(running('sleep 876543')).toBe(false);
  });

  it('kills a program that ignores SIGTERM', async () => {
    const stop = new AbortController();
    const stubborn = sh('trap "" TERM; while :; do sleep 0.1; done # 765432');
    setTimeout(() => stop.abort(new InterruptedError('SIGINT')), 200);
    await expect(runPipeline([stubborn, new Sink()], stop.signal)).rejects.toBeInstanceOf(InterruptedError);
    expect(running('# 765432')).toBe(false);
  });

  it('leaves nothing behind when it was interrupted before', async () => {
    const stop = AbortSignal.abort(new InterruptedError('SIGINT'));
    const sink = new Sink();
    let released = false;
    const release = async () => {
      released = true;
    };
    await expect(runPipeline([sh('sleep 654321', { release }), sink], stop)).rejects.toBeInstanceOf(
      InterruptedError,
    );
    expect(running('sleep 654321')).toBe(false);
    expect([sink.undone, released]).toEqual([true, true]);
  });
});
