import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readMachine } from './machine-id.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'machine-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const at = (...names: string[]): string[] => names.map((name) => join(dir, name));

it('an ID is made once and kept, for all accounts to read, whatever the umask', () => {
  const umask = process.umask(0o077);
  const first = readMachine({ folders: at('lib'), facts: [] });
  process.umask(umask);
  expect(first).toEqual({ id: expect.stringMatching(/^[0-9a-f]{12}$/) as string, problem: undefined });
  expect(readMachine({ folders: at('lib'), facts: [] })).toEqual(first);
  expect(statSync(join(dir, 'lib')).mode & 0o777).toBe(0o755);
  expect(statSync(join(dir, 'lib/machine-id')).mode & 0o777).toBe(0o644);
  expect(readdirSync(join(dir, 'lib'))).toEqual(['machine-id']);
});

it('a clone is another machine by what its hypervisor gives it, though it has a copy of the file', () => {
  const facts = at('etc-machine-id', 'product_uuid');
  writeFileSync(facts[0] ?? '', 'same');
  writeFileSync(facts[1] ?? '', '1b4e28ba');
  const original = readMachine({ folders: at('lib'), facts });
  mkdirSync(join(dir, 'clone'));
  copyFileSync(join(dir, 'lib/machine-id'), join(dir, 'clone/machine-id'));
  expect(readMachine({ folders: at('clone'), facts })).toEqual(original);
  writeFileSync(facts[1] ?? '', '6fa459ea');
  expect(readMachine({ folders: at('clone'), facts }).id).not.toBe(original.id);
});

it('of two machines with the same facts each has its own ID', () => {
  expect(readMachine({ folders: at('one'), facts: [] }).id).not.toBe(
    readMachine({ folders: at('two'), facts: [] }).id,
  );
});

it('an account that may not write to the first folder uses one of its own, made with those above it', () => {
  writeFileSync(join(dir, 'file'), '');
  const folders = at('file/lib', 'home/.local/state/twindb-backup');
  mkdirSync(join(dir, 'home'));
  const { id, problem } = readMachine({ folders, facts: [] });
  expect(problem).toBeUndefined();
  expect(existsSync(join(folders[1] ?? '', 'machine-id'))).toBe(true);
  expect(readMachine({ folders, facts: [] }).id).toBe(id);
});

it('where no folder can be made the ID is one for this process, and the reason is told', () => {
  writeFileSync(join(dir, 'file'), '');
  const { id, problem } = readMachine({ folders: at('file/lib', 'absent/home/.local/state/x'), facts: [] });
  expect(id).toMatch(/^[0-9a-f]{12}$/);
  expect(problem).toMatch(/ENOTDIR.*; .*ENOENT/);
});

it('a damaged file is replaced', () => {
  mkdirSync(join(dir, 'lib'));
  writeFileSync(join(dir, 'lib/machine-id'), '');
  chmodSync(join(dir, 'lib/machine-id'), 0o600);
  const { id } = readMachine({ folders: at('lib'), facts: [] });
  expect(readMachine({ folders: at('lib'), facts: [] }).id).toBe(id);
  expect(readdirSync(join(dir, 'lib'))).toEqual(['machine-id']);
});

it('processes that make it at once agree', async () => {
  const module = fileURLToPath(new URL('machine-id.ts', import.meta.url));
  const program = `
    const { createViteServer } = await import('vitest/node');
    const server = await createViteServer({ configFile: false, logLevel: 'silent', server: { middlewareMode: true, ws: false, watch: null } });
    const { readMachine } = await server.ssrLoadModule(process.argv[1]);
    process.stderr.write('ready');
    await new Promise((resolve) => process.stdin.once('data', resolve));
    for (const name of 'abcdefghij') console.log(readMachine({ folders: [process.argv[2] + name], facts: [] }).id);
    await server.close();`;
  const args = ['--input-type=module', '-e', program, module, join(dir, 'lib')];
  const children = Array.from({ length: 4 }, () => spawn(process.execPath, args));
  const printed = children.map(({ stdout }) => text(stdout));
  // None begins before all have loaded the module.
  await Promise.all(children.map(({ stderr }) => once(stderr, 'data')));
  for (const { stdin } of children) stdin.end('!');
  const ids = await Promise.all(printed);
  expect(ids[0]).toMatch(/^([0-9a-f]{12}\n){10}$/);
  expect(new Set(ids).size).toBe(1);
});
