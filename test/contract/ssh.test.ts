import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { SshConfig } from '../../src/config/config.ts';
import { openSsh } from '../../src/destinations/ssh/driver.ts';
import { createLog } from '../../src/log.ts';
import { knownLine, type MortalSshd, makeSshd, sshConfig } from '../integration/ssh-server.ts';
import { type LabSsh, useLab } from '../lab/lab.ts';
import { testDestination } from './destination.ts';
import { type Harness, type Place, seesFile } from './harness.ts';
import { backdate } from './local-folder.ts';

const quiet = createLog('error', () => {});
let scratch = '';
let mortal: MortalSshd | undefined;

beforeAll(() => {
  scratch = mkdtempSync('/tmp/twindb-ssh-');
});
afterEach(async () => {
  await mortal?.kill();
  mortal = undefined;
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function leftovers(root: string, host: string): string[] {
  const folder = `${root}/${host}/.partial`;
  return existsSync(folder) ? readdirSync(folder) : [];
}

function placeIn(config: SshConfig): Place {
  return {
    open: () => openSsh(config, quiet),
    leftovers: (host) => Promise.resolve(leftovers(config.backupDir, host)),
    sees: (key) => seesFile(`${config.backupDir}/${key}`),
  };
}

/** A known_hosts file that holds another server's key for this one. */
function wrongKnownHosts({ hostKeys, port }: LabSsh): string {
  const file = `${scratch}/wrong-known-hosts`;
  // A user's key: as good a key as any that is not the server's.
  const [type, base64] = readFileSync(`${hostKeys}/../keys/ed25519.pub`, 'utf8').split(' ');
  writeFileSync(file, `[127.0.0.1]:${port} ${type} ${base64}\n`);
  return file;
}

function makeHarness(lab: LabSsh, lines: readonly string[]): Harness {
  const config = sshConfig(lab, { backupDir: lab.root });
  return {
    ...placeIn(config),
    root: lab.root,
    secrets: readFileSync(lab.key, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('--')),
    plant(host, owner) {
      mkdirSync(`${lab.root}/${host}/.partial`, { recursive: true });
      writeFileSync(`${lab.root}/${host}/.partial/${owner}`, 'half');
      return Promise.resolve(owner);
    },
    openLater(host, ms) {
      backdate(`${lab.root}/${host}/.partial`, ms);
      return openSsh(config, quiet);
    },
    wrongCredentials: () => openSsh({ ...config, keyFile: lab.strangerKey }, quiet),
    wrongHostKey: () => openSsh({ ...config, knownHosts: wrongKnownHosts(lab) }, quiet),
    full:
      lab.smallRoot === undefined
        ? { notPossible: 'the lab has no small file system' }
        : () => Promise.resolve(placeIn({ ...config, backupDir: lab.smallRoot ?? '' })),
    serverGone: async () => {
      const sshd = await makeSshd(lab, scratch, lines);
      mortal = sshd;
      await sshd.start();
      const knownHosts = `${scratch}/mortal-known-hosts`;
      writeFileSync(knownHosts, knownLine(lab, sshd.port, 'ed25519'));
      return {
        destination: openSsh({ ...config, port: sshd.port, knownHosts }, quiet),
        kill: () => sshd.kill(),
        revive: () => sshd.start(),
      };
    },
  };
}

testDestination('ssh', () => makeHarness(useLab().ssh, []));

// The lab's server without OpenSSH's extensions: no fsync, no statvfs, and a rename that never replaces.
testDestination('ssh (SFTP only, plain)', () => ({
  ...makeHarness({ ...useLab().ssh, ...useLab().sshPlain }, ['ForceCommand internal-sftp']),
  replacesInSteps: true,
}));
