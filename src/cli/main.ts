#!/usr/bin/env -S UV_THREADPOOL_SIZE=8 node --no-incremental-marking
// What has to be settled before a line of ours can run. The threads are for gzip: Node's pool has four. The option is for what
// streams: V8 answers each 32 MB or so of new buffers with a walk through the whole heap, which over SSH took a third of this
// process's time. Without it the buffers go with the next collection of young objects, and memory stays as it was.
import { endProcess } from './end-process.ts';
import { run } from './run.ts';
import { letGoOfClosedTerminals } from './terminal.ts';

// Cron waits for the process to end; no forgotten socket or timer may keep it.
const exitCode = await run(process.argv);
letGoOfClosedTerminals();
await endProcess(exitCode);
