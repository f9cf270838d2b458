import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createMachine, type Machine } from './machine.ts';
import { CONFIG, CRON, EDITED, expectDrivers, expectFresh, expectWorks, PYTHON_CRON } from './promises.ts';
import { chroot, packageFile } from './surroundings.ts';

const DEB = packageFile('.deb');
const dir = mkdtempSync(join(tmpdir(), 'twindb-deb-'));
const python = buildPythonStandIn();
afterAll(() => rmSync(dir, { recursive: true }));

/**
 * A stand-in for the package of the Python tool: the same name and files, none of them a conffile. Its scripts are worse
 * than the original's, which take the two files in /etc away only when they are purged.
 */
function buildPythonStandIn(): string {
  const tree = join(dir, 'python');
  const script = `
    mkdir -p "$0/DEBIAN" "$0/etc/twindb" "$0/etc/cron.d" "$0/usr/bin" "$0/opt/twindb-backup/bin"
    printf 'Package: twindb-backup\\nVersion: 3.3.0-1\\nArchitecture: all\\nMaintainer: a stand-in <root@localhost>\\nDescription: stand-in\\n' >"$0/DEBIAN/control"
    printf '#!/bin/sh\\nrm -f /etc/twindb/twindb-backup.cfg /etc/cron.d/twindb-backup\\n' >"$0/DEBIAN/postrm"
    chmod 755 "$0/DEBIAN/postrm"
    echo '# as packaged' | tee "$0/etc/twindb/twindb-backup.cfg" "$0/etc/cron.d/twindb-backup" "$0/usr/bin/twindb-backup" >"$0/opt/twindb-backup/bin/twindb-backup"
    dpkg-deb --root-owner-group --build "$0" "$0.deb"`;
  execFileSync('sh', ['-euc', script, tree]);
  return `${tree}.deb`;
}

function install(machine: Machine, deb: string): string {
  copyFileSync(deb, join(machine.root, 'package.deb'));
  return machine.must('dpkg --install /package.deb; rm /package.deb');
}

describe.each(['bookworm', 'trixie'])('the deb on a bare Debian (%s)', (suite) => {
  it('installs without network, backs up and restores; over itself it keeps what was edited or removed; goes as asked', () => {
    using machine = createMachine(chroot(suite));
    expect(install(machine, DEB)).toContain(`edit /${CONFIG}`);
    expectFresh(machine);

    machine.write(CONFIG, EDITED);
    machine.write(CRON, '# mine\n');
    expectWorks(machine);
    expectDrivers(machine);
    expect(install(machine, DEB)).not.toContain('edit');
    expect(machine.read(CONFIG)).toBe(EDITED);
    expect(machine.read(CRON)).toBe('# mine\n');

    machine.must('dpkg --remove twindb-backup');
    expect(machine.read(CONFIG)).toBe(EDITED);
    expect(machine.exists(CRON)).toBe(false);
    expect(machine.exists('usr/bin/twindb-backup')).toBe(false);
    expect(machine.exists('usr/lib/twindb-backup')).toBe(false);
    install(machine, DEB);
    expect(machine.read(CRON)).toBe('# mine\n');

    // Timers instead of cron: an upgrade must not bring the cron file back.
    machine.must(`rm /${CRON}`);
    install(machine, DEB);
    expect(machine.exists(CRON)).toBe(false);
    expectWorks(machine);

    machine.must('dpkg --purge twindb-backup');
    expect(
      machine.must(
        'find / -xdev -not -path "/srv/*" -not -path "/restored/*" -not -path "/proc/*" -name "*twindb*"',
      ),
    ).toBe('/etc/twindb\n');
    // It signed the copies, which stay as well.
    expect(machine.must('ls -A /etc/twindb')).toBe('integrity.key\n');
    expect(machine.must('find /srv/copies -name "_srv_data*"')).not.toBe('');
  });

  it('keeps everything as it was when an upgrade or a first installation is cut short', () => {
    using machine = createMachine(chroot(suite));
    const cut = join(dir, 'cut.deb');
    copyFileSync(DEB, cut);
    truncateSync(cut, Math.floor(statSync(DEB).size * 0.9));
    copyFileSync(cut, join(machine.root, 'cut.deb'));
    expect(machine.run('dpkg --install /cut.deb').exitCode).not.toBe(0);
    expect(machine.exists('var/lib/twindb-backup/upgrade')).toBe(false);
    install(machine, DEB);
    machine.write(CONFIG, EDITED);
    machine.write(CRON, '# mine\n');
    expect(machine.run('dpkg --install /cut.deb').exitCode).not.toBe(0);
    expect([machine.read(CONFIG), machine.read(CRON)]).toEqual([EDITED, '# mine\n']);
    // Timers instead of cron, from here on.
    machine.must(`rm /${CRON}`);
    install(machine, DEB);
    expect(machine.exists(CRON)).toBe(false);
    expectWorks(machine);
  });

  it('lets a timer take the backup where no cron daemon does, and fail where one does', () => {
    using machine = createMachine(chroot(suite));
    install(machine, DEB);
    const unit = machine.read('usr/lib/systemd/system/twindb-backup@.service');
    const [, script = ''] = /^ExecStartPre=(.+)$/m.exec(unit) ?? [];
    expect(unit).not.toContain('Condition');
    // A stand-in for systemd, which a chroot has not.
    const withCron = (code: number) => machine.write('usr/bin/systemctl', `#!/bin/sh\nexit ${code}\n`, 0o755);
    withCron(3);
    expect(machine.run(script)).toEqual({ exitCode: 0, output: expect.stringContaining('this timer takes') });
    withCron(0);
    const refused = machine.run(script);
    expect(refused.exitCode).toBe(1);
    expect(refused.output).toContain('cron.service takes the backups, by /etc/cron.d/twindb-backup');
    machine.must(`rm /${CRON}`);
    expect(machine.run(script)).toEqual({ exitCode: 0, output: '' });
  });

  it('takes over from the package of the Python tool (a stand-in), with the edited configuration and cron file', () => {
    using machine = createMachine(chroot(suite));
    install(machine, python);
    machine.write(CONFIG, EDITED);
    machine.must(`chmod 640 /${CONFIG}`);
    machine.write(CRON, PYTHON_CRON);
    install(machine, DEB);
    expect(machine.read(CONFIG)).toBe(EDITED);
    expect(machine.mode(CONFIG)).toBe(0o640);
    expect(machine.read(CRON)).toBe(PYTHON_CRON);
    expect(machine.exists('opt/twindb-backup')).toBe(false);
    expect(machine.exists('var/lib/twindb-backup/upgrade')).toBe(false);
    expectWorks(machine);
  });
});
