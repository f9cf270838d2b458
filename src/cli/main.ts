#!/usr/bin/env -S UV_THREADPOOL_SIZE=8 node --no-incremental-marking
// What has to be settled before a line of ours can run. The threads are for gzip: Node's pool has four. The option is for what
// streams: V8 answers each 32 MB or so of new buffers with a walk through the whole heap, which over SSH took a third of this
// process's time. Without it the buffers go with the next collection of young objects, and memory stays as it was.
import { writeSync } from 'node:fs';
import { endProcess } from './end-process.ts';
import { saysTooManyFiles, TOO_MANY_FILES } from './open-file-limit.ts';

// Without a listener a write beyond the limit of file size ends the process without a word; with one it fails, and is reported.
process.on('SIGXFSZ', () => undefined);

let exitCode: number;
try {
  // Node opens all modules at once, which is what reaches a low limit of open files first.
  const [{ run }, { letGoOfClosedTerminals }] = await Promise.all([
    import('./run.ts'),
    import('./terminal.ts'),
  ]);
  // Cron waits for the process to end; no forgotten socket or timer may keep it.
  exitCode = await run(process.argv);
  letGoOfClosedTerminals();
} catch (error) {
  if (!saysTooManyFiles(error)) throw error;
  writeSync(2, `ERROR: ${TOO_MANY_FILES}\n`);
  exitCode = 1;
}
await endProcess(exitCode);
