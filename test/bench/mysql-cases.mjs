// The MySQL cases: the data of one server, by our command and by the programs that it calls.
import { mkdirSync, rmSync } from 'node:fs';
import { createCommand, MAIN } from './command.mjs';
import { copyUnguarded } from './unguarded.mjs';

/** As createCases, with a server whose files are below `bench.db`. */
export function createMysqlCases(bench) {
  const { dir, db } = bench;
  const [out, dst, target] = [`${dir}/out`, `${dir}/restored`, `${dir}/target`];
  const defaults = `${db}/root.cnf`;
  const command = () =>
    createCommand(bench, `m${++bench.made}`, {
      destination: 'local',
      media: 'mysql',
      sections: {
        source: { backup_mysql: 'yes' },
        compression: { program: 'zstd' },
        mysql: { mysql_defaults_file: defaults },
      },
    });
  const renew = (folder) => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
  };

  const full = () => {
    const { backup, empty } = command();
    const reset = async () => {
      await empty();
      rmSync(out, { force: true });
      renew(target);
    };
    const stream = `mariabackup --defaults-file=${defaults} --backup --stream=xbstream --target-dir=${target}`;
    return {
      title: 'MySQL, full, zstd to local',
      limit: 1.2,
      ours: backup,
      shell: `${stream} | zstd -T0 > ${out}`,
      reset,
      prepare: () => undefined,
      done: reset,
    };
  };

  const restore = (title, limit, shellOf) => {
    const whole = command();
    return {
      title,
      limit,
      first: whole.backup,
      prepare: () => whole.copy(),
      ours: (path) => whole.restore(path, dst),
      shell: (path) => shellOf(path, whole),
      reset: () => renew(dst),
      async done() {
        rmSync(dst, { recursive: true, force: true });
        await whole.empty();
      },
    };
  };

  return [
    full(),
    restore(
      'restore MySQL, zstd from local',
      1.2,
      (path) => `zstd -dc ${path} | mbstream -x -C ${dst} && mariabackup --prepare --target-dir=${dst}`,
    ),
    restore('restore MySQL, beside ours with mbstream and no guard', 1.05, (path, { restore: argv }) => {
      mkdirSync(`${dir}/unguarded`);
      const [, ...args] = argv(path, dst);
      return [copyUnguarded(MAIN, `${dir}/unguarded`), ...args].join(' ');
    }),
  ];
}
