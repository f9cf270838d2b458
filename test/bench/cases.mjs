// What is measured: each case is one job of ours and the same job by the usual programs in a shell.
import { mkdirSync, rmSync } from 'node:fs';
import { createCommand } from './command.mjs';

const ZSTD = { compression: { program: 'zstd' } };
const GZIP = { compression: { program: 'gzip' } };

/**
 * The cases in the order of the table. `ours` is an argument array, `shell` the line it is compared with; `reset` runs
 * before each of them, outside the time; `prepare` once before the first; `limit` is the ratio promised, if any; `slow` cases take minutes.
 */
export function createCases(bench) {
  const { dir, tree, lab } = bench;
  const { ssh, gpg } = lab;
  const out = `${dir}/out`;
  const login = [
    `ssh -p ${ssh.port} -i ${ssh.key} -o UserKnownHostsFile=${ssh.knownHosts}`,
    `-o BatchMode=yes ${ssh.user}@${ssh.host}`,
  ].join(' ');
  const tar = `tar -C / -c ${tree.slice(1)}`;
  const encrypt = [
    `gpg --no-tty --batch --no-default-keyring --keyring ${gpg.keyring} --trust-model always`,
    `--compress-algo none --recipient ${gpg.recipient} --encrypt`,
  ].join(' ');
  const encryption = { gpg: { recipient: gpg.recipient, keyring: gpg.keyring } };

  const backup = (title, destination, sections, shell, limit) => {
    const command = createCommand(bench, `b${++bench.made}`, { destination, source: tree, sections });
    const reset = async () => {
      await command.empty();
      rmSync(out, { force: true });
    };
    const slow = sections === GZIP;
    return { title, slow, ours: command.backup, shell, limit, reset, prepare: () => undefined, done: reset };
  };

  const restore = (title, destination, sections, shellOf) => {
    const command = createCommand(bench, `r${++bench.made}`, { destination, source: tree, sections });
    const dst = `${dir}/restored`;
    const reset = () => {
      rmSync(dst, { recursive: true, force: true });
      mkdirSync(dst);
    };
    const done = async () => {
      rmSync(dst, { recursive: true, force: true });
      await command.empty();
    };
    return {
      title,
      first: command.backup,
      prepare: () => command.copy(),
      ours: (copy) => command.restore(copy, dst),
      shell: (copy) => shellOf(copy, dst),
      reset,
      done,
    };
  };

  return [
    backup('zstd to local', 'local', ZSTD, `${tar} | zstd -T0 > ${out}`, 1.3),
    backup('zstd over SSH', 'ssh', ZSTD, `${tar} | zstd -T0 | ${login} 'cat > ${out}'`, 1.5),
    backup('zstd to S3, beside a local file', 's3', ZSTD, `${tar} | zstd -T0 > ${out}`),
    backup(
      'zstd and gpg to local',
      'local',
      { ...ZSTD, ...encryption },
      `${tar} | zstd -T0 | ${encrypt} > ${out}`,
    ),
    backup('gzip to local, beside gzip', 'local', GZIP, `${tar} | gzip > ${out}`),
    backup('gzip to local, beside pigz', 'local', GZIP, `${tar} | pigz > ${out}`),
    restore('restore zstd from local', 'local', ZSTD, (copy, dst) => `zstd -dc ${copy} | tar -C ${dst} -xp`),
    restore(
      'restore zstd over SSH',
      'ssh',
      ZSTD,
      (copy, dst) => `${login} cat ${copy} | zstd -dc | tar -C ${dst} -xp`,
    ),
    restore('restore gzip from local', 'local', GZIP, (copy, dst) => `gzip -dc ${copy} | tar -C ${dst} -xp`),
  ];
}

/** Streams of several GiB, for the memory they take; `limit` is in MB. */
export function createStreams(bench) {
  const { dir, stream, lab } = bench;
  // Hard links to one file that does not compress, each archived as a file of its own: a long stream from little disk.
  const source = { tar_options: '--hard-dereference' };
  const { gpg } = lab;
  const encryption = { gpg: { recipient: gpg.recipient, keyring: gpg.keyring } };
  const keeping = (destination) => ({
    ...encryption,
    destination: { backup_destination: destination, keep_local_path: `${dir}/kept` },
  });
  const of = (title, destination, limit, sections) => {
    const command = createCommand(bench, `s${++bench.made}`, {
      destination,
      source: stream,
      sections: { source, ...sections },
    });
    const done = async () => {
      await command.empty();
      rmSync(`${dir}/kept`, { recursive: true, force: true });
    };
    return { title, limit, ours: command.backup, done };
  };
  // Three times 512 GiB in 10,000 of them.
  const largest = { s3: { part_size: '158M' } };
  return [
    of('zstd to local', 'local', 200, ZSTD),
    of('gzip (in process) to local', 'local', 200, GZIP),
    of('zstd over SSH', 'ssh', 200, ZSTD),
    of('gzip, keep-local and gpg over SSH', 'ssh', 200, { ...GZIP, ...keeping('ssh') }),
    of('zstd to S3, parts of 16 MiB', 's3', 300, { ...ZSTD, s3: { part_size: '16M' } }),
    of('zstd to S3, nothing known of the size', 's3', 400, ZSTD),
    of('zstd to S3, the parts after a copy of 512 GiB', 's3', 550, { ...ZSTD, ...largest }),
    of('gzip, keep-local and gpg to S3, the same parts', 's3', 550, {
      ...GZIP,
      ...keeping('s3'),
      ...largest,
    }),
  ];
}
