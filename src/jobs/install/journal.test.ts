import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { deadOwner } from '../../../test/fixtures/owners.ts';
import { newPartialName } from '../../lock/owner.ts';
import { flavourOf } from '../../mysql/flavours.ts';
import type { Action } from './actions.ts';
import { createJournal, currentRun, readJournal, reopenJournal } from './journal.ts';

let dir: string;
let place: string;
beforeEach(() => {
  dir = mkdtempSync('/tmp/twindb-journal-');
  place = join(dir, 'data.before-restore-2026-11-27T05-06-07Z');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const actions: readonly Action[] = [
  { do: 'stop', unit: 'mariadb' },
  { do: 'move-into', from: '/a', to: '/b', names: ['x'] },
];

const create = () =>
  createJournal(
    {
      date: '2026-11-27T05-06-07Z',
      place,
      datadir: join(dir, 'data'),
      isInPlace: false,
      actions,
      oldLogs: undefined,
      savedConfig: '/c',
    },
    {
      copy: 'a key',
      isAtTarget: true,
      data: {
        dst: '/restored',
        flavour: flavourOf('mariadb', '10.11.6'),
        config: [],
        setup: undefined,
        names: ['x'],
        innodbLogFileSize: undefined,
        galera: true,
        binlog: 'mysql-bin.000001',
        position: 4,
        gtid: undefined,
      },
    },
  );

it('a journal gives back what was written', async () => {
  const journal = await create();
  expect(readdirSync(dir)).toEqual(['data.before-restore-2026-11-27T05-06-07Z']);
  await journal.at(1);
  const record = await readJournal(place);
  expect(record).toMatchObject({ place, datadir: join(dir, 'data'), savedConfig: '/c', isAtWork: false });
  expect(record?.restored).toMatchObject({
    copy: 'a key',
    isAtTarget: true,
    data: { dst: '/restored', galera: true, position: 4, flavour: { title: 'MariaDB 10.11' } },
  });
  expect(record && currentRun(record)).toEqual({ way: 'install', actions, at: 1, isComplete: false });
  await journal.begin('uninstall', actions.slice(0, 1));
  await journal.at(0);
  await journal.end();
  const later = await readJournal(place);
  expect(later && currentRun(later)).toMatchObject({ way: 'uninstall', at: 0, isComplete: true });
});

it('a line that was cut off does not count, and spoils no later one', async () => {
  const journal = await create();
  await journal.at(0);
  appendFileSync(join(place, 'journal'), '{"at":');
  const torn = await readJournal(place);
  expect(torn?.install.at).toBe(0);
  await journal.at(1);
  expect((await readJournal(place))?.install.at).toBe(1);
});

it('a process that is at work keeps others out, a dead one does not', async () => {
  await create();
  const path = join(place, 'journal');
  const byAnother = (owner: string) =>
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/"by":"[^"]+"/g, `"by":"${owner}"`));
  byAnother(deadOwner());
  const dead = await readJournal(place);
  if (dead === undefined) throw new Error('no journal');
  expect(dead.isAtWork).toBe(false);
  await reopenJournal(dead);
  // As a process that lives would write it: this one, by another name.
  byAnother(newPartialName());
  expect((await readJournal(place))?.isAtWork).toBe(true);
  await expect(reopenJournal(dead)).rejects.toThrow('Another process is at work on the install in');
});

it('what another account may write to is no journal, nor what another version wrote', async () => {
  await create();
  chmodSync(join(place, 'journal'), 0o666);
  await expect(readJournal(place)).rejects.toThrow('Cannot read the journal');
  chmodSync(join(place, 'journal'), 0o600);
  writeFileSync(join(place, 'journal'), '{"format":2}\n{"way":"install","actions":[]}\n');
  await expect(readJournal(place)).rejects.toThrow('Cannot read the journal');
  writeFileSync(join(place, 'journal'), '');
  expect(await readJournal(place)).toBeUndefined();
  expect(await readJournal(join(dir, 'data'))).toBeUndefined();
});

it('what a killed process has left before there was a journal is removed by the next', async () => {
  const left = join(dir, `data.installing-${deadOwner()}`);
  mkdirSync(left);
  await create();
  expect(existsSync(left)).toBe(false);
});
