import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createMachine, type Machine } from './machine.ts';
import { CONFIG, CRON, EDITED, expectDrivers, expectFresh, expectWorks, PYTHON_CRON } from './promises.ts';
import { chroot, packageFile } from './surroundings.ts';

const RPM = packageFile('.rpm');
const dir = mkdtempSync(join(tmpdir(), 'twindb-rpm-'));
const python = buildPythonStandIn();
afterAll(() => rmSync(dir, { recursive: true }));

/** A stand-in for the package of the Python tool: it owns the two files in /etc, and deletes them in an upgrade too. */
function buildPythonStandIn(): string {
  const spec = join(dir, 'python.spec');
  const files = ['/etc/twindb/twindb-backup.cfg', '/etc/cron.d/twindb-backup', '/usr/bin/twindb-backup'];
  writeFileSync(
    spec,
    `Name: twindb-backup
Version: 3.3.0
Release: 1
Summary: A stand-in
License: none
BuildArch: noarch
%description
A stand-in.
%install
for file in ${files.join(' ')}; do install -D -m 600 /dev/null %{buildroot}$file; done
%files
${files.join('\n')}
%postun
rm -f ${files.slice(0, 2).join(' ')}
`,
  );
  execFileSync('rpmbuild', ['-bb', '--quiet', '--define', `_topdir ${dir}`, spec]);
  return join(dir, 'RPMS/noarch/twindb-backup-3.3.0-1.noarch.rpm');
}

// The system below is a Debian, whose dependencies rpm does not know.
function rpm(machine: Machine, ...args: string[]): string {
  return execFileSync('rpm', ['--root', machine.root, '--nodeps', ...args], { encoding: 'utf8' });
}

it('the rpm installs, backs up and restores; over itself it keeps what was edited or removed; goes as asked', () => {
  using machine = createMachine(chroot('bookworm'));
  rpm(machine, '--install', RPM);
  expectFresh(machine);
  machine.write(CONFIG, EDITED);
  machine.write(CRON, '# mine\n');
  expectWorks(machine);
  expectDrivers(machine);
  expect(rpm(machine, '--upgrade', '--replacepkgs', RPM)).toBe('');
  expect(machine.read(CONFIG)).toBe(EDITED);
  expect(machine.read(CRON)).toBe('# mine\n');
  machine.must(`rm /${CRON}`);
  rpm(machine, '--upgrade', '--replacepkgs', RPM);
  expect(machine.exists(CRON)).toBe(false);
  machine.write(CRON, '# mine\n');

  rpm(machine, '--erase', 'twindb-backup');
  expect(machine.read(CONFIG)).toBe(EDITED);
  expect(machine.exists(CRON)).toBe(false);
  expect(machine.exists('usr/bin/twindb-backup')).toBe(false);
  expect(machine.exists('usr/lib/twindb-backup')).toBe(false);
  rpm(machine, '--install', RPM);
  expect(machine.read(CRON)).toBe('# mine\n');
});

it('the rpm takes over from that of the Python tool (a stand-in), with the edited configuration and cron file', () => {
  using machine = createMachine(chroot('bookworm'));
  rpm(machine, '--install', python);
  machine.write(CONFIG, EDITED);
  machine.write(CRON, PYTHON_CRON);
  rpm(machine, '--upgrade', RPM);
  expect(machine.read(CONFIG)).toBe(EDITED);
  expect(machine.mode(CONFIG)).toBe(0o600);
  expect(machine.read(CRON)).toBe(PYTHON_CRON);
  expectWorks(machine);
});
