// configs.mjs LAB_JSON: a folder to back up, a configuration for each destination, and DIR/README with commands to try.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';

const { dir, ssh, s3, gpg, mariadb } = JSON.parse(readFileSync(process.argv[2], 'utf8'));

const sample = `${dir}/sample`;
mkdirSync(`${sample}/a folder`, { recursive: true });
writeFileSync(`${sample}/a folder/a file.txt`, 'Names with blanks are names.\n');
writeFileSync(`${sample}/zeros`, Buffer.alloc(1024 * 1024));
symlinkSync('a folder/a file.txt', `${sample}/link`);

const config = (name, destination, ...sections) => {
  const database = sections.some((section) => 'mysql' in section);
  const common = [
    { source: database ? { backup_mysql: 'yes' } : { backup_dirs: sample, backup_mysql: 'no' } },
    { destination: { backup_destination: destination } },
    { compression: { program: 'zstd' } },
    { measures: { log: `${dir}/measures.log` } },
  ];
  const text = [...common, ...sections].flatMap(Object.entries).map(
    ([section, options]) =>
      `[${section}]\n${Object.entries(options)
        .map(([option, value]) => `${option}=${value}\n`)
        .join('')}`,
  );
  writeFileSync(`${dir}/${name}.cfg`, text.join('\n'), { mode: 0o600 });
};

// A local destination in a folder of its own.
const local = (name) => {
  mkdirSync(`${dir}/${name}`, { mode: 0o700 });
  return { local: { backup_dir: `${dir}/${name}` } };
};
config('local', 'local', local('copies'));
config('gpg', 'local', local('encrypted-copies'), {
  gpg: { recipient: gpg.recipient, keyring: gpg.keyring, secret_keyring: gpg.secretKeyring },
});
config('ssh', 'ssh', {
  ssh: {
    backup_host: ssh.host,
    port: ssh.port,
    ssh_user: ssh.user,
    ssh_key: ssh.key,
    known_hosts: ssh.knownHosts,
    host_key_checking: 'strict',
    backup_dir: ssh.root,
  },
});
config('s3', 's3', {
  s3: {
    AWS_ACCESS_KEY_ID: s3.accessKey,
    AWS_SECRET_ACCESS_KEY: s3.secretKey,
    AWS_DEFAULT_REGION: s3.region,
    BUCKET: s3.bucket,
    endpoint_url: s3.endpoint,
    path_style: 'yes',
    // Ceph 16 answers 411 to the checksum trailers that the SDK sends by default.
    checksums: 'when_required',
  },
});

if (mariadb)
  config('mysql', 'local', local('mysql-copies'), { mysql: { mysql_defaults_file: mariadb.defaultsFile } });
const names = ['local', 'ssh', 's3', 'gpg', ...(mariadb ? ['mysql'] : [])];

const run = (name) => `node dist/cli/main.js --config ${dir}/${name}.cfg`;
writeFileSync(
  `${dir}/README`,
  `The servers are up, their addresses and keys are in ${dir}/lab.json. To try (after \`make build\`):

${names.map((name) => `  ${run(name)} backup --lock-file ${dir}/lock daily\n`).join('')}
  ${run('ssh')} ls
  ${run('ssh')} restore file COPY --dst ${dir}/restored
`,
);
