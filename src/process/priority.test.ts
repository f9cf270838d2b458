import { getPriority } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { captureOutput } from './capture.ts';
import { priorityWords, setPriority } from './priority.ts';

afterEach(() => setPriority({ nice: undefined, ionice: undefined }));

/** The niceness that /proc/PID/stat has. Source: proc(5), field 19; those from the third on follow the name in parentheses. */
function nicenessOf(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
}

/** A shell that says of itself, and of a program that it starts, what the kernel says. */
const SAYS = 'read -r own </proc/$$/stat; echo "$own"; cat /proc/self/stat; ionice -p $$';

async function ask(more: { readonly isHeavy?: true; readonly stopsEarly?: true }) {
  const text = await captureOutput({ command: 'sh', args: ['-c', SAYS], debianPackage: 'dash', ...more });
  const [own = '', started = '', io = ''] = text.split('\n');
  return { own: nicenessOf(own), started: nicenessOf(started), io };
}

const ownNiceness = getPriority();

describe('a program that works on much data', () => {
  it.each([{}, { stopsEarly: true }] as const)(
    'is as nice as was said, with all that it starts (%j)',
    async (more) => {
      setPriority({ nice: 7, ionice: { bestEffort: 6 } });
      const niceness = Math.min(19, ownNiceness + 7);
      expect(await ask({ isHeavy: true, ...more })).toEqual({
        own: niceness,
        started: niceness,
        io: 'best-effort: prio 6',
      });
    },
  );

  it('reads the disks after everybody else', async () => {
    setPriority({ nice: undefined, ionice: 'idle' });
    expect(await ask({ isHeavy: true })).toMatchObject({ own: ownNiceness, io: 'idle' });
  });

  it('is named by its own name where it is missing', async () => {
    setPriority({ nice: 7, ionice: 'idle' });
    const missing = {
      command: 'no-such-program',
      args: [],
      debianPackage: 'some-package',
      isHeavy: true,
    } as const;
    await expect(captureOutput(missing)).rejects.toThrow(/^no-such-program is not installed/);
  });
});

it('leaves all other programs as they are', async () => {
  setPriority({ nice: 7, ionice: 'idle' });
  expect(await ask({})).toMatchObject({ own: ownNiceness, started: ownNiceness });
  expect((await ask({})).io).not.toBe('idle');
});

it.each([
  [{ nice: undefined, ionice: undefined }, ''],
  [{ nice: 0, ionice: undefined }, ''],
  [{ nice: 19, ionice: undefined }, 'nice -n 19'],
  [{ nice: undefined, ionice: 'idle' }, 'ionice -t -c 3'],
  [{ nice: 5, ionice: { bestEffort: 0 } }, 'nice -n 5 ionice -t -c 2 -n 0'],
] as const)('%j is "%s" in front of a program', (priority, expected) => {
  expect(priorityWords(priority).join(' ')).toBe(expected);
});
