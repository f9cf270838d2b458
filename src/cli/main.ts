#!/usr/bin/env node
import { run } from './run.ts';

// Cron waits for the process to end; no forgotten socket or timer may keep it.
process.exit(await run(process.argv));
