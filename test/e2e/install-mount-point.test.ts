import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { makeScene, NOW } from '../fixtures/install-scene.ts';

const SCRIPT = fileURLToPath(new URL('../fixtures/install-until-killed.mjs', import.meta.url));

const canMount =
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

/** Arguments: data directory, folder of the restore, folder with the old data, program, its script, the time, the point at which it is killed. */
const SHELL = `
set -e
datadir=$1 dst=$2 place=$3 node=$4 script=$5 now=$6 point=$7
cp -a "$datadir" "$datadir.copy"
mount -t tmpfs none "$datadir"
cp -a "$datadir.copy/." "$datadir/"
rm -r "$datadir.copy"
mkdir "$datadir/lost+found"
tell() { for name in shop/orders.ibd mysql/user.frm auto.cnf; do cat "$datadir/$name" 2>/dev/null || echo -n none; echo -n ,; done; stat -c %u:%a "$datadir"; }
tell
"$node" "$script" install "$dst" "$point" "$now" || [ $? = 137 ]
if [ "$point" = 0 ]; then tell; else "$node" "$script" install "$dst" 0 "$now"; tell; fi
"$node" "$script" uninstall "$place" 0 "$now"
tell
cat "$place/restored/data/shop/orders.ibd"
ls "$datadir"
`;

it.skipIf(!canMount).each([0, 5, 6, 9, 10])(
  'a data directory that is a mount point stays, and what is in it is moved, also when that is killed (%i)',
  async (point) => {
    using scene = await makeScene();
    const args = [scene.datadir, scene.dst, scene.place, process.execPath, SCRIPT, NOW, String(point)];
    const { stdout, stderr } = spawnSync('unshare', ['-m', 'bash', '-c', SHELL, 'bash', ...args], {
      encoding: 'utf8',
    });
    expect([stdout, stderr.replaceAll(/^.*Killed.*\n/gm, '')]).toEqual([
      [
        'old rows,old,old,43210:2750',
        'new rows,new,none,43210:2750',
        'old rows,old,old,43210:2750',
        'new rowsauto.cnf\nlost+found\nmysql\nshop\n',
      ].join('\n'),
      '',
    ]);
  },
  60_000,
);

/** The same arguments; the file system of the data directory takes the old data, and not the new ones. */
const SMALL = `
datadir=$1 dst=$2 place=$3 node=$4 script=$5 now=$6
cp -a "$datadir" "$datadir.copy"
mount -t tmpfs -o size=256k none "$datadir"
cp -a "$datadir.copy/." "$datadir/"
rm -r "$datadir.copy"
head -c 1000000 /dev/zero >"$dst/ibdata1"
"$node" "$script" install "$dst" 0 "$now"
echo $?
cat "$datadir/shop/orders.ibd"
ls -d "$place" "$dst/ibdata1"
`;

it.skipIf(!canMount)(
  'nothing is moved when what is copied to another file system does not fit there',
  async () => {
    using scene = await makeScene();
    const args = [scene.datadir, scene.dst, scene.place, process.execPath, SCRIPT, NOW];
    const { stdout, stderr } = spawnSync('unshare', ['-m', 'bash', '-c', SMALL, 'bash', ...args], {
      encoding: 'utf8',
    });
    expect(stdout).toBe(`1\nold rows${scene.dst}/ibdata1\n`);
    expect(stderr).toMatch(
      /not enough space on the file system of \S+data: .* are to be moved there, .* are free/,
    );
  },
  60_000,
);
