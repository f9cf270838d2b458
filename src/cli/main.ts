#!/usr/bin/env -S UV_THREADPOOL_SIZE=8 node
// Node makes its thread pool, of four, before a line of ours can run: gzip gets more threads by the line above only.
import { run } from './run.ts';
import { letGoOfClosedTerminals } from './terminal.ts';

// Cron waits for the process to end; no forgotten socket or timer may keep it.
const exitCode = await run(process.argv);
letGoOfClosedTerminals();
process.exit(exitCode);
