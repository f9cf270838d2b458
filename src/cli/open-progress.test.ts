import { expect, it } from 'vitest';
import { openProgress } from './open-progress.ts';
import { openTerminal } from './terminal.ts';

it('there is no progress line, and no timer, where nobody watches', async () => {
  const terminal = { ...openTerminal(), stderrIsTerminal: false };
  const before = process.getActiveResourcesInfo();
  const line = (await openProgress(terminal)).begin('/etc', 10);
  line.advance(5);
  expect(process.getActiveResourcesInfo()).toEqual(before);
  line.end();
});
