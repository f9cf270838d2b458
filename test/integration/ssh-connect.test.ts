import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeError, TwinDbError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import { connect, SSH_TIMING, type SshTarget } from '../../src/ssh/connect.ts';
import { useLab } from '../lab/lab.ts';
import { knownLine } from './ssh-server.ts';

const lab = useLab().ssh;
let dir = '';
let messages: string[] = [];
const log = createLog('debug', (level, message) => messages.push(`${level}: ${message}`));

beforeAll(() => {
  dir = mkdtempSync('/tmp/twindb-ssh-');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));
beforeEach(() => {
  messages = [];
});

function target(changes: Partial<SshTarget> = {}): SshTarget {
  return {
    host: lab.host,
    port: lab.port,
    user: lab.user,
    keyFile: lab.key,
    knownHosts: lab.knownHosts,
    hostKeyChecking: 'strict',
    ...changes,
  };
}

async function failure(changes: Partial<SshTarget>, timing = SSH_TIMING): Promise<TwinDbError> {
  try {
    await using connection = await connect(target(changes), log, timing);
    expect.fail(`connected to ${connection.client.constructor.name}`);
  } catch (error) {
    if (!(error instanceof TwinDbError)) throw error;
    return error;
  }
}

const keygen = (...args: string[]): string => execFileSync('ssh-keygen', args, { encoding: 'utf8' });

/** The fingerprint as ssh-keygen writes it. */
const shown = (file: string): string => keygen('-l', '-f', file).split(' ')[1] ?? '';

function makeFile(name: string, text: string): string {
  writeFileSync(`${dir}/${name}`, text, { mode: 0o600 });
  return `${dir}/${name}`;
}

describe('keys', () => {
  test.each(['key', 'rsaKey', 'ecdsaKey'] as const)('logs in with the %s, and says nothing', async (name) => {
    await using _ = await connect(target({ keyFile: lab[name] }), log);
    expect(messages).toEqual([]);
  });

  test.each(['rsaKey', 'ecdsaKey'] as const)('logs in with the %s in PEM format', async (name) => {
    const keyFile = `${dir}/${name}.pem`;
    copyFileSync(lab[name], keyFile);
    chmodSync(keyFile, 0o600);
    keygen('-q', '-p', '-N', '', '-m', 'PEM', '-f', keyFile);
    expect(readFileSync(keyFile, 'utf8')).toMatch(/BEGIN (RSA|EC) PRIVATE KEY/);
    await using _ = await connect(target({ keyFile }), log);
  });

  test('an encrypted key: an error that says how to remove the passphrase', async () => {
    const error = await failure({ keyFile: lab.encryptedKey });
    expect(error.message).toContain(`${lab.encryptedKey} is encrypted`);
    expect(error.remedy).toContain(`ssh-keygen -p -N '' -f ${lab.encryptedKey}`);
  });

  test.each([
    ['rsa', 'PEM'],
    ['rsa', 'PKCS8'],
  ])('an encrypted %s key in %s format: the same', async (type, format) => {
    const keyFile = `${dir}/encrypted-${format}`;
    keygen('-q', '-t', type, '-m', format, '-N', 'open sesame', '-f', keyFile);
    expect((await failure({ keyFile })).message).toContain('is encrypted');
  });

  test('a missing key, a folder, a public key, another file: each says what is wrong, and a remedy', async () => {
    const cases = [
      [`${dir}/absent`, 'does not exist'],
      [dir, 'Cannot read the SSH key'],
      [`${lab.key}.pub`, 'holds a public SSH key'],
      [makeFile('text', 'hello\n'), 'holds no SSH key'],
      [makeFile('empty', ''), 'holds no SSH key'],
    ] as const;
    for (const [keyFile, message] of cases) {
      const error = await failure({ keyFile });
      expect(error.message).toContain(message);
      expect(error.message).toContain(keyFile);
      expect(error.remedy).toBeTruthy();
    }
  });

  test('a key that the server does not know: names user, host and key', async () => {
    const error = await failure({ keyFile: lab.strangerKey });
    expect(error.message).toContain(`${lab.host}, port ${lab.port}, does not let in user ${lab.user}`);
    expect(error.message).toContain(lab.strangerKey);
    expect(error.remedy).toContain(
      `ssh-copy-id -i ${lab.strangerKey} -p ${lab.port} ${lab.user}@${lab.host}`,
    );
  });
});

describe('host keys', () => {
  test.each(['ed25519', 'ecdsa', 'rsa'] as const)(
    'asks for the type it knows: a server known by its %s key is no changed one',
    async (type) => {
      const knownHosts = makeFile(`only-${type}`, knownLine(lab, lab.port, type));
      await using _ = await connect(target({ knownHosts }), log);
      expect(messages).toEqual([]);
    },
  );

  test('knows the server from a file hashed by ssh-keygen -H', async () => {
    const knownHosts = makeFile('hashed', knownLine(lab, lab.port, 'rsa'));
    keygen('-H', '-f', knownHosts);
    expect(readFileSync(knownHosts, 'utf8')).toMatch(/^\|1\|/);
    await using _ = await connect(target({ knownHosts }), log);
  });

  test('accept-new pins an unknown server with one notice, in a new private file, and is silent afterwards', async () => {
    const knownHosts = `${dir}/new/folder/known_hosts`;
    const changes = { knownHosts, hostKeyChecking: 'accept-new' } as const;
    for (let run = 0; run < 3; run++) {
      await using _ = await connect(target(changes), log);
    }
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(/^warn: .*ssh-ed25519 host key SHA256:.*recorded in/);
    expect(readFileSync(knownHosts, 'utf8')).toBe(knownLine(lab, lab.port, 'ed25519'));
    expect(statSync(knownHosts).mode & 0o777).toBe(0o600);
    expect(statSync(`${dir}/new/folder`).mode & 0o777).toBe(0o700);
    // What was pinned holds for strict runs too.
    await using _ = await connect(target({ knownHosts }), log);
  });

  test('accept-new keeps what is in the file, also when its last line has no end', async () => {
    const before = 'other ssh-ed25519 AAAA';
    const knownHosts = makeFile('unended', before);
    await using _ = await connect(target({ knownHosts, hostKeyChecking: 'accept-new' }), log);
    expect(readFileSync(knownHosts, 'utf8')).toBe(`${before}\n${knownLine(lab, lab.port, 'ed25519')}`);
  });

  test('two runs that pin at once leave whole lines', async () => {
    const changes = { knownHosts: `${dir}/at-once`, hostKeyChecking: 'accept-new' } as const;
    const connections = await Promise.all(Array.from({ length: 8 }, () => connect(target(changes), log)));
    for (const connection of connections) await connection[Symbol.asyncDispose]();
    const lines = readFileSync(changes.knownHosts, 'utf8').split(/(?<=\n)/);
    expect(new Set(lines)).toEqual(new Set([knownLine(lab, lab.port, 'ed25519')]));
  });

  test('accept-new that cannot record the key does not connect', async () => {
    const knownHosts = `${makeFile('not-a-folder', '')}/known_hosts`;
    const error = await failure({ knownHosts, hostKeyChecking: 'accept-new' });
    expect(describeError(error)).toContain('known');
    expect(messages).toEqual([]);
  });

  test('strict refuses an unknown server and says how to make it known', async () => {
    const knownHosts = `${dir}/absent`;
    const error = await failure({ knownHosts });
    expect(error.message).toMatch(/not in .*absent.*strict.*ssh-ed25519 SHA256:/);
    expect(error.remedy).toContain(`ssh-keyscan -t ed25519 -p ${lab.port} ${lab.host} >> ${knownHosts}`);
  });

  test.each(['accept-new', 'strict'] as const)(
    '%s refuses a changed key, naming file, line, both fingerprints and the remedy',
    async (hostKeyChecking) => {
      const [, base64 = ''] = readFileSync(`${lab.key}.pub`, 'utf8').split(' ');
      const knownHosts = makeFile('changed', `# comment\n[127.0.0.1]:${lab.port} ssh-ed25519 ${base64}\n`);
      const error = await failure({ knownHosts, hostKeyChecking });
      expect(error.message).toContain(`${knownHosts}, line 2`);
      expect(error.message).toContain(shown(`${lab.key}.pub`));
      expect(error.message).toContain(shown(`${lab.hostKeys}/ed25519.pub`));
      expect(error.remedy).toContain(`ssh-keygen -R '[127.0.0.1]:${lab.port}' -f ${knownHosts}`);
      expect(readFileSync(knownHosts, 'utf8')).toContain(base64);
    },
  );

  test('accept-new does not take a key of another type for a new server', async () => {
    const [, base64 = ''] = readFileSync(`${lab.ecdsaKey}.pub`, 'utf8').split(' ');
    const line = `[127.0.0.1]:${lab.port} ecdsa-sha2-nistp521 ${base64}\n`;
    const knownHosts = makeFile('other-type', line.replace('nistp521', 'nistp256'));
    expect((await failure({ knownHosts, hostKeyChecking: 'accept-new' })).message).toContain('has changed');
  });

  test.each(['accept-new', 'strict'] as const)(
    '%s holds the server to the key that the whole machine knows, and pins nothing',
    async (hostKeyChecking) => {
      const [, base64 = ''] = readFileSync(`${lab.key}.pub`, 'utf8').split(' ');
      const globalKnownHosts = [makeFile('global', `[127.0.0.1]:${lab.port} ssh-ed25519 ${base64}\n`)];
      const knownHosts = `${dir}/absent-beside-global`;
      const error = await failure({ knownHosts, globalKnownHosts, hostKeyChecking });
      expect(error.message).toContain(`has changed: ${globalKnownHosts[0]}, line 1`);
      expect(error.remedy).toContain(`-f ${globalKnownHosts[0]}`);
      writeFileSync(globalKnownHosts[0] ?? '', knownLine(lab, lab.port, 'rsa'));
      await using _ = await connect(target({ knownHosts, globalKnownHosts, hostKeyChecking }), log);
      expect(messages).toEqual([]);
      expect(existsSync(knownHosts)).toBe(false);
    },
  );

  test('a file of the whole machine that cannot be read counts as little as with ssh, and is named where the server is unknown', async () => {
    // Root may read every file: a folder is what not even root can.
    const globalKnownHosts = [`${dir}/unreadable`];
    mkdirSync(globalKnownHosts[0] ?? '');
    await using _ = await connect(target({ globalKnownHosts }), log);
    expect(messages).toEqual([]);

    const gap = `(${globalKnownHosts[0]} cannot be read by this user)`;
    const knownHosts = `${dir}/absent-beside-unreadable`;
    const error = await failure({ knownHosts, globalKnownHosts });
    expect(error.message).toContain(`is not in ${knownHosts} ${gap} and host_key_checking is strict`);
    expect(error.remedy).toContain(`>> ${knownHosts}`);
    await using __ = await connect(
      target({ knownHosts, globalKnownHosts, hostKeyChecking: 'accept-new' }),
      log,
    );
    expect(messages).toEqual([expect.stringContaining(`was unknown ${gap}: its ssh-ed25519 host key`)]);

    const own = await failure({ knownHosts: globalKnownHosts[0] ?? '' });
    expect(own.remedy).toBe('Set known_hosts in section [ssh] to a file that this user can read.');
  });

  test.each(['accept-new', 'strict'] as const)(
    '%s does not pin a server that a certificate authority vouches for, which is not supported',
    async (hostKeyChecking) => {
      const [, base64 = ''] = readFileSync(`${lab.key}.pub`, 'utf8').split(' ');
      const knownHosts = makeFile('authority', `@cert-authority * ssh-ed25519 ${base64}\n`);
      const error = await failure({ knownHosts, hostKeyChecking });
      expect(error.message).toContain(`by a certificate authority only (${knownHosts}, line 1)`);
      expect(error.remedy).toContain(`>> ${knownHosts}`);
      const own = makeFile(
        'authority-and-key',
        readFileSync(knownHosts, 'utf8') + knownLine(lab, lab.port, 'ed25519'),
      );
      await using _ = await connect(target({ knownHosts: own, hostKeyChecking }), log);
    },
  );

  test('a revoked key is refused even though it is also known', async () => {
    const line = knownLine(lab, lab.port, 'ed25519');
    const knownHosts = makeFile('revoked', `${line}@revoked * ${line.slice(line.indexOf(' ') + 1)}`);
    expect((await failure({ knownHosts })).message).toMatch(/is revoked in .*, line 2/);
  });
});

describe('hosts that do not answer', () => {
  let mute: Server;
  let mutePort = 0;
  beforeAll(async () => {
    // Not a stand-in for a server: it shows what a client makes of none.
    mute = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => {
      mute.once('listening', resolve);
    });
    const address = mute.address();
    if (address !== null && typeof address !== 'string') mutePort = address.port;
  });
  afterAll(() => mute.close());

  const IMPATIENT = { ...SSH_TIMING, redialMs: 0 };

  test('nobody listens: says so', async () => {
    expect((await failure({ port: 1 }, IMPATIENT)).message).toBe(
      'Cannot connect to 127.0.0.1, port 1: nothing listens on that port',
    );
  });

  test('localhost has two addresses, and nobody listens on either: says so', async () => {
    expect((await failure({ host: 'localhost', port: 1 }, IMPATIENT)).message).toContain(
      'nothing listens on that port',
    );
  });

  test('a name that does not exist: says so', async () => {
    expect((await failure({ host: 'no-such-host.invalid' })).message).toMatch(
      /no-such-host.invalid, port \d+: (there is no host of that name|the name server does not answer)/,
    );
  });

  test('a server that accepts and says nothing: an error after the timeout', async () => {
    const error = await failure({ port: mutePort }, { ...SSH_TIMING, connectMs: 300 });
    expect(describeError(error)).toMatch(/127.0.0.1, port \d+.*[Tt]imed out/);
  });
});
