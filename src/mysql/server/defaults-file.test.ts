import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDefaultsFile } from './defaults-file.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'defaults-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const write = (text: string | Buffer, name = 'my.cnf'): string => {
  const path = join(dir, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};
const read = (...lines: string[]) => readDefaultsFile(write(['[client]', ...lines, ''].join('\n')));

describe('a password means what it means to the mysql client', () => {
  // The right column is what my_print_defaults 10.11 prints for each.
  it.each([
    ['password=secret', 'secret'],
    ['  password \t=  secret  ', 'secret'],
    ['password=ab#cd', 'ab'],
    ['password=ab # comment', 'ab'],
    ['password="ab#cd"', 'ab#cd'],
    ["password='ab#cd' # comment", 'ab#cd'],
    ['password="ab;cd"', 'ab;cd'],
    ['password=ab;cd', 'ab;cd'],
    ['password=" ab "', ' ab '],
    ['password="p\\"w#"', 'p"w#'],
    ["password='it''s'", "it''s"],
    ['password="it\'s"', "it's"],
    ['password="a\\sb\\x\\\\c"', 'a b\\x\\c'],
    ['password=a\\tb', 'a\tb'],
    ["password='", "'"],
    ["password=a'#'b", "a'#'b"],
    ['password="a\'#"', "a'#"],
    ['password=\\#', '\\'],
    ['password=a=b', 'a=b'],
    ['password="pässwörd"', 'pässwörd'],
    ['password=', ''],
    ['password=\u00a0a', '\u00a0a'],
    ["password='\u00a0a\u00a0'", '\u00a0a\u00a0'],
    ['password=a\u2003', 'a\u2003'],
    ['password=\ufeffa', '\ufeffa'],
    ["password='a' b", "'a' b"],
    ['password=a\\', 'a\\'],
  ])('%s', (line, password) => {
    expect(read(line).password?.reveal()).toBe(password);
  });

  it.each([
    ['[ client ]', undefined],
    ['[client ]', 'a'],
    ['[Client]', 'a'],
    ['[client] x', 'a'],
    ['[client\u00a0]', undefined],
  ])('in the group %s', (header, password) => {
    expect(readDefaultsFile(write(`${header}\npassword=a\n`)).password?.reveal()).toBe(password);
  });

  it('takes the byte 0xA0 around a value for a blank, and refuses what that leaves of a letter', () => {
    const latin1 = Buffer.from('[client]\n#\xe4\n\xa0password=\xa0a\xa0\n', 'latin1');
    expect(readDefaultsFile(write(latin1)).password?.reveal()).toBe('a');
    for (const line of ['password=a\u00a0', 'password=voil\u00e0'])
      expect(() => read(line)).toThrow('[client] password is not UTF-8');
    expect(read('password="voil\u00e0"').password?.reveal()).toBe('voil\u00e0');
  });

  it('refuses a byte order mark, as the programs do', () => {
    expect(() => readDefaultsFile(write('\ufeff[client]\npassword=a\n'))).toThrow('byte order mark');
  });

  it('also with line ends of Windows', () => {
    expect(readDefaultsFile(write('[client]\r\npassword="x"\r\n')).password?.reveal()).toBe('x');
  });

  it('is none when only the name is there, which asks at a terminal', () => {
    expect(read('password').password).toBeUndefined();
  });

  it('is never shown', () => {
    expect(
      `${inspect(read('password=geheim'), { depth: 9 })}${JSON.stringify(read('password=geheim'))}`,
    ).not.toContain('geheim');
  });
});

describe('the options of a defaults file', () => {
  it('have defaults: TCP to this host as this user, for the backup program too (contract: [mysql])', () => {
    expect(readDefaultsFile(write(''))).toMatchObject({
      user: userInfo().username,
      password: undefined,
      host: '127.0.0.1',
      port: 3306,
      socket: undefined,
      ssl: { mode: 'preferred' },
      arguments: ['--host=127.0.0.1'],
    });
  });

  it('are read from the groups of all clients, the last one counts', () => {
    const text =
      '[client]\nuser=a\n[mysql]\nuser=b\n[client-mariadb]\nuser=c\n[client-server ]\nuser=d\n[mysqldump]\nuser=e\n';
    expect(readDefaultsFile(write(text)).user).toBe('d');
  });

  it('are not read from the group of the mysql shell, which no backup program reads', () => {
    expect(readDefaultsFile(write('[mysql]\nuser=shell\npassword=x\n'))).toMatchObject({
      user: userInfo().username,
      password: undefined,
    });
  });

  it('may have _ for -, and loose- before them', () => {
    expect(read('loose-ssl_mode=REQUIRED').ssl.mode).toBe('required');
  });

  it.each([
    [['socket=/s'], '/s', []],
    [['host=localhost', 'socket=/s'], '/s', []],
    [['host=db1', 'socket=/s'], undefined, []],
    [['host=127.0.0.1'], undefined, []],
    [['socket=/s', 'protocol=TCP'], undefined, []],
    [['port=3307'], undefined, ['--host=127.0.0.1']],
  ])('choose between socket and TCP as a client does: %j', (lines, socket, args) => {
    expect(read(...lines)).toMatchObject({ socket, arguments: args });
  });

  it('find the socket of a server on localhost', () => {
    expect(read('host=localhost').socket).toMatch(/\.sock$/);
  });

  it.each([
    [['ssl-mode=VERIFY_IDENTITY'], 'verify_identity'],
    [['ssl'], 'required'],
    [['ssl=1'], 'required'],
    [['ssl=0'], 'disabled'],
    [['skip-ssl'], 'disabled'],
    [['ssl-verify-server-cert'], 'verify_identity'],
    [['ssl-verify-server-cert=OFF'], 'preferred'],
  ])('tell whether to use TLS: %j', (lines, mode) => {
    expect(read(...lines).ssl.mode).toBe(mode);
  });

  it('with a CA check the server against it', () => {
    expect(read(`ssl-ca=${write('PEM', 'ca.pem')}`).ssl).toMatchObject({
      mode: 'verify_ca',
      ca: Buffer.from('PEM'),
    });
  });
});

describe('includes of a defaults file', () => {
  it('are read where they stand', () => {
    write('[client]\nuser=included\npassword=included\n', 'other.cnf');
    expect(read('user=a', `!include ${dir}/other.cnf`, 'password=b')).toMatchObject({ user: 'included' });
    expect(read(`!include ${dir}/other.cnf`, 'password=b').password?.reveal()).toBe('b');
  });

  it('of a folder are its .cnf files in the order of their names', () => {
    mkdirSync(join(dir, 'conf.d'));
    write('[client]\nuser=b\n', 'conf.d/b.cnf');
    write('[client]\nuser=a\nport=1\n', 'conf.d/a.cnf');
    write('[client]\nuser=z\n', 'conf.d/z.ini');
    expect(read(`!includedir ${dir}/conf.d `)).toMatchObject({ user: 'b', port: 1 });
  });

  it('do not change the group of the file they stand in', () => {
    write('[mysqld]\n', 'other.cnf');
    expect(read(`!include ${dir}/other.cnf`, 'user=x').user).toBe('x');
  });

  it('may be missing, and may name themselves', () => {
    expect(read('!include /nonexistent.cnf', `!include ${dir}/my.cnf`, 'user=x').user).toBe('x');
  });

  it('of a missing folder are refused', () => {
    expect(() => read('!includedir /nonexistent')).toThrow(
      `${dir}/my.cnf: line 2: cannot read the folder /nonexistent`,
    );
  });
});

describe('a defaults file is refused with its path', () => {
  it('when it is missing', () => {
    expect(() => readDefaultsFile('/nonexistent/my.cnf')).toThrow(
      'Cannot read the option file /nonexistent/my.cnf',
    );
  });

  it('when everyone may write to it, as the MySQL programs pass it over then', () => {
    const path = write('[client]\n');
    chmodSync(path, 0o666);
    expect(() => readDefaultsFile(path)).toThrow(`${path} is writable by everyone`);
  });

  it.each([
    ['user=x\n', 'line 1: an option stands before the first [group]'],
    ['[client\n', 'line 1: this group has no closing bracket'],
    ['[client]\nport=x\n', 'line 2: [client] port must be a port from 1 to 65535, got "x"'],
    ['[client]\nport=0\n', 'line 2: [client] port'],
    ['[client]\nprotocol=pipe\n', 'line 2: [client] protocol must be tcp or socket'],
    ['[client]\nssl-mode=maybe\n', 'line 2: [client] ssl-mode must be one of'],
    ['[client]\n\nssl-ca=/nonexistent.pem\n', 'line 3: cannot read ssl-ca=/nonexistent.pem'],
  ])('%j', (text, message) => {
    const path = write(text);
    expect(() => readDefaultsFile(path)).toThrow(`${path}: ${message}`);
  });

  it('when a value that counts is not UTF-8; the value itself is not shown', () => {
    const path = write(Buffer.from('# Gr\xfc\xdfe\n[client]\nuser=x\npassword=gehe\xefm\n', 'latin1'));
    expect(() => readDefaultsFile(path)).toThrow(`${path}: line 4: [client] password is not UTF-8`);
    expect(readDefaultsFile(write(Buffer.from('# Gr\xfc\xdfe\n[client]\nuser=x\n', 'latin1'))).user).toBe(
      'x',
    );
  });
});
