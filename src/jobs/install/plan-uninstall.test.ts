import { expect, it } from 'vitest';
import type { RestoredData } from '../../mysql/copy/advice.ts';
import { flavourOf } from '../../mysql/flavours.ts';
import { type Action, lineOf } from './actions.ts';
import type { InstallHost } from './install-host.ts';
import { planUninstall } from './plan-uninstall.ts';

const PLACE = '/srv/data.before-restore-2026-11-27T05-06-07Z';

const hostWith = (folders: Readonly<Record<string, readonly string[]>>, mountPoint = ''): InstallHost => ({
  exists: (path) => Object.hasOwn(folders, path),
  list: (folder) => folders[folder] ?? [],
  isMountPoint: (path) => path === mountPoint,
  realPath: (path) => path,
  ownershipOf: () => undefined,
  hasLabels: false,
});

/** The commands that go back from an install of which these actions have begun; the last one may not be complete. */
const goBack = (
  actions: readonly Action[],
  host: InstallHost,
  { isComplete = false, isInPlace = false, settings = {} } = {},
) => {
  const data: RestoredData = {
    dst: '/restore',
    flavour: flavourOf('mariadb', '10.11'),
    config: [],
    setup: { settings: { datadir: '/srv/data', ...settings }, unit: undefined, filters: {}, upstreams: [] },
    names: ['ibdata1'],
    innodbLogFileSize: undefined,
    galera: false,
    binlog: undefined,
    position: undefined,
    gtid: undefined,
  };
  const install = { way: 'install', actions, at: actions.length - 1, isComplete } as const;
  const plan = planUninstall(
    {
      place: PLACE,
      datadir: '/srv/data',
      isInPlace,
      restored: { copy: '', isAtTarget: false, data },
      install,
    },
    host,
  );
  expect([plan[0]?.do, plan.at(-1)?.do]).toEqual(['stop', 'start']);
  return plan.slice(1, -1).map((action) => lineOf(action).trim());
};

const aside: Action = { do: 'move', from: '/srv/data', to: `${PLACE}/data` };
const placed: Action = { do: 'move', from: '/restore', to: '/srv/data' };

it('nothing is to do where nothing was done', () => {
  const host = hostWith({ '/srv/data': ['ibdata1'], '/restore': ['ibdata1'] });
  expect(goBack([], host)).toEqual([]);
  expect(goBack([{ do: 'make', folder: PLACE }, aside], host)).toEqual([]);
});

it('the old data come back where the new ones are not in place yet', () => {
  const host = hostWith({ [`${PLACE}/data`]: [], '/restore': ['ibdata1'] });
  expect(goBack([aside, placed], host)).toEqual([`mv -T ${PLACE}/data /srv/data`]);
});

it('an empty folder that was made for the new data makes room', () => {
  const host = hostWith({ [`${PLACE}/data`]: [], '/restore': ['ibdata1'], '/srv/data': [] });
  expect(goBack([aside, { do: 'make', folder: '/srv/data' }], host)).toEqual([
    `mkdir -p -m 700 ${PLACE}/restored`,
    `mv -T /srv/data ${PLACE}/restored/data`,
    `mv -T ${PLACE}/data /srv/data`,
  ]);
});

it('a copy of which the original is still there is finished first', () => {
  const host = hostWith({ [`${PLACE}/data`]: [], '/restore': ['ibdata1'], '/srv/data': ['ibdata1'] });
  expect(goBack([aside, placed], host)).toEqual([
    `mkdir -p -m 700 ${PLACE}/restored`,
    'mv -T /restore /srv/data',
    `mv -T /srv/data ${PLACE}/restored/data`,
    `mv -T ${PLACE}/data /srv/data`,
  ]);
});

it('data that were restored in place go aside, and nothing comes in their place', () => {
  const host = hostWith({ '/srv/data': ['ibdata1'] });
  expect(
    goBack([{ do: 'chown', path: '/srv/data', owner: 'mysql:mysql' }], host, { isInPlace: true }),
  ).toEqual([`mkdir -p -m 700 ${PLACE}/restored`, `mv -T /srv/data ${PLACE}/restored/data`]);
});

it('what the restored server has made outside goes aside, also where the old one had nothing', () => {
  const settings = { log_bin_basename: '/log/mysql-bin', innodb_undo_directory: '/undo' };
  const host = hostWith({ '/log': ['mysql-bin.000001', 'error.log'], '/undo': ['undo001'], '/srv/data': [] });
  expect(goBack([placed], host, { isComplete: true, settings })).toEqual([
    `mkdir -p -m 700 ${PLACE}/restored`,
    `mv -T /srv/data ${PLACE}/restored/data`,
    `mkdir -p -m 700 ${PLACE}/restored/outside/undo`,
    `mv -n -t ${PLACE}/restored/outside/undo /undo/undo001`,
    `mkdir -p -m 700 ${PLACE}/restored/outside/log`,
    `mv -n -t ${PLACE}/restored/outside/log /log/mysql-bin.000001`,
  ]);
});

it('files that were not set aside yet stay where they are', () => {
  const settings = { log_bin_basename: '/log/mysql-bin' };
  const outside = `${PLACE}/outside/log`;
  const host = hostWith({ '/log': ['mysql-bin.000002'], [outside]: ['mysql-bin.000001'], '/srv/data': [] });
  const setAside: Action = { do: 'move-into', from: '/log', to: outside, prefix: 'mysql-bin.' };
  expect(goBack([placed, setAside], host, { settings }).slice(2)).toEqual([
    `mv -n -t /log ${outside}/mysql-bin.000001`,
  ]);
  expect(goBack([placed, setAside, { do: 'start', unit: 'mariadb' }], host, { settings }).slice(2)).toEqual([
    `mkdir -p -m 700 ${PLACE}/restored/outside/log`,
    `mv -n -t ${PLACE}/restored/outside/log /log/mysql-bin.000002`,
    `mv -n -t /log ${outside}/mysql-bin.000001`,
  ]);
});
