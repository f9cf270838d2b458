// Loaded into the process of a command before its own code: counts what that asks of the system, and at a chosen call does what the
// plan says. `node --import` loads it for one run, with the plan in CHAOS_PLAN; `judge.mjs` arms it for one command after the other.
// Plain JavaScript, as the oldest Node that is supported reads nothing else. Calls have names such as `fs.open`, `handle.sync`,
// `sftp.rename`, `http.PUT`, `spawn.tar`, `sql.query`; those of loading modules are not counted.
import childProcess from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @typedef {{ calls: string, nth: number, do: string, code?: string, ms?: number, lasts?: boolean, after?: number }} Injection */
/** @typedef {{ log: string, injections: Injection[] }} Plan */

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const RealDate = Date;

// The originals, for what is done here.
const { openSync, writeSync, closeSync } = fs;

/** @type {number | undefined} */
let log;
/** @type {(Omit<Injection, 'calls'> & { calls: RegExp, seen: number, fired: boolean })[]} */
let injections = [];

/** From now on calls are counted, and met by what the plan says; without one they are left alone. @param {Plan} [plan] */
export function arm(plan) {
  if (log !== undefined) closeSync(log);
  globalThis.Date = RealDate;
  log = plan && openSync(plan.log, 'a');
  injections = (plan?.injections ?? []).map((injection) => ({
    ...injection,
    calls: new RegExp(injection.calls),
    seen: 0,
    fired: false,
  }));
}

/** @param {string} line */
const note = (line) => log !== undefined && writeSync(log, `${line}\n`);

const kill = () => process.kill(process.pid, 'SIGKILL');

/**
 * To be asked before each call: what is to happen to it, or nothing. What needs no hand on the call itself is done here.
 * @param {string} name
 * @param {string} object
 */
function meet(name, object) {
  // Those of the kernel's files change nothing, and no disk is behind them.
  if (/^\/(proc|sys)\//.test(object)) return undefined;
  if (log === undefined) return undefined;
  note(`call ${name} ${object}`);
  for (const each of injections) {
    if (each.after !== undefined && !injections[each.after]?.fired) continue;
    if (!each.calls.test(name)) continue;
    each.seen += 1;
    if (each.lasts ? each.seen < each.nth : each.seen !== each.nth) continue;
    if (!each.fired) note(`fired ${each.do} ${name} ${object}`);
    each.fired = true;
    if (each.do === 'kill-before') kill();
    else if (each.do === 'signal') process.kill(process.pid, each.code);
    else if (each.do === 'clock') stepClock(each.ms ?? 0);
    else return each;
  }
  return undefined;
}

/** @param {number} ms */
function stepClock(ms) {
  globalThis.Date = class extends RealDate {
    /** @param {any[]} given */
    constructor(...given) {
      if (given.length === 0) super(RealDate.now() + ms);
      // @ts-expect-error: whatever a Date takes
      else super(...given);
    }
    static now() {
      return RealDate.now() + ms;
    }
  };
}

const ERRNO = { EIO: 5, ENOSPC: 28, EROFS: 30, EDQUOT: 122, EACCES: 13, EAGAIN: 11, ENOMEM: 12 };

/**
 * @param {string} code
 * @param {string} syscall
 * @param {string} path
 */
function systemError(code, syscall, path) {
  const message = `${code}: injected, ${syscall} '${path}'`;
  return Object.assign(new Error(message), { code, errno: -(ERRNO[code] ?? 5), syscall, path });
}

/** Files of descriptors and handles, so that their calls have names too. */
const pathOf = new Map();

/** @param {unknown} first */
function nameOf(first) {
  if (typeof first === 'string') return first;
  if (first instanceof URL) return first.pathname;
  if (Buffer.isBuffer(first)) return first.toString();
  return pathOf.get(first) ?? '';
}

/** What Node reads of modules, and the streams of the process. @param {string} object @param {unknown} first */
function isOurs(object, first) {
  if (typeof first === 'number' && first <= 2) return false;
  return object === '' || !resolve(object).startsWith(`${ROOT}/`);
}

/** The call's own result with what the injection makes of it. @param {any} wanted */
function short(wanted) {
  const given = [...wanted];
  // write(buffer, offset, length, position): half of it, as a full or interrupted file system may.
  if (Buffer.isBuffer(given[0]) || ArrayBuffer.isView(given[0])) {
    const offset = typeof given[1] === 'number' ? given[1] : 0;
    const length = typeof given[2] === 'number' ? given[2] : given[0].byteLength - offset;
    if (length > 1) [given[1], given[2]] = [offset, Math.floor(length / 2)];
  }
  return given;
}

/**
 * @param {any} owner
 * @param {string} key
 * @param {(original: Function) => Function} wrap
 */
function replace(owner, key, wrap) {
  const original = owner[key];
  if (typeof original !== 'function') return;
  const wrapper = wrap(original);
  Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(original));
  owner[key] = wrapper;
}

/** A close that fails has closed. @param {string} key */
const happensAnyway = (key) => key.startsWith('close');

/** @param {any} owner @param {string} key @param {string} prefix */
function watchPromise(owner, key, prefix) {
  replace(
    owner,
    key,
    (original) =>
      async function watched(...given) {
        const isHandle = prefix === 'handle';
        const object = isHandle ? (pathOf.get(this) ?? '') : nameOf(given[0]);
        if (!isOurs(object, given[0])) return await original.apply(this, given);
        const met = meet(`${prefix}.${key}`, object);
        if (met?.do === 'error') {
          if (happensAnyway(key)) await original.apply(this, given);
          throw systemError(met.code ?? 'EIO', key, object);
        }
        const result = await original.apply(this, met?.do === 'short' ? short(given) : given);
        if (met?.do === 'kill-after') kill();
        if (key === 'open' && !isHandle) pathOf.set(result, object);
        return result;
      },
  );
}

/** @param {string} key */
function watchSync(key) {
  const name = key.slice(0, -'Sync'.length);
  replace(
    fs,
    key,
    (original) =>
      function watched(...given) {
        const object = nameOf(given[0]);
        if (!isOurs(object, given[0])) {
          const result = original.apply(this, given);
          if (key === 'openSync') pathOf.set(result, object);
          return result;
        }
        const met = meet(`fs.${name}`, object);
        if (met?.do === 'error') {
          if (name === 'exists') return false;
          if (happensAnyway(name)) original.apply(this, given);
          throw systemError(met.code ?? 'EIO', name, object);
        }
        const result = original.apply(this, given);
        if (met?.do === 'kill-after') kill();
        if (name === 'open') pathOf.set(result, object);
        return result;
      },
  );
}

/** @param {string} key */
function watchCallback(key) {
  replace(
    fs,
    key,
    (original) =>
      function watched(...given) {
        const object = nameOf(given[0]);
        const done = given.at(-1);
        if (typeof done !== 'function' || !isOurs(object, given[0])) return original.apply(this, given);
        const met = meet(`fs.${key}`, object);
        const answer = (error, ...results) => {
          if (met?.do === 'kill-after') kill();
          if (met?.do === 'error') done(systemError(met.code ?? 'EIO', key, object));
          else {
            if (key === 'open' && !error) pathOf.set(results[0], object);
            done(error, ...results);
          }
        };
        if (met?.do === 'error' && !happensAnyway(key)) return process.nextTick(answer);
        return original.apply(this, [...given.slice(0, -1), answer]);
      },
  );
}

async function watchFiles() {
  const handle = await fs.promises.open('/dev/null');
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  for (const key of Object.keys(fs)) {
    if (!Object.hasOwn(fs, `${key}Sync`) || key === 'exists') continue;
    watchCallback(key);
    watchSync(`${key}Sync`);
  }
  watchSync('existsSync');
  for (const key of Object.keys(fs.promises)) watchPromise(fs.promises, key, 'fs');
  for (const key of Object.getOwnPropertyNames(prototype)) {
    if (
      /^(read|write|writev|readv|appendFile|readFile|writeFile|sync|datasync|stat|truncate|chmod|close)$/.test(
        key,
      )
    )
      watchPromise(prototype, key, 'handle');
  }
}

/** @param {any} library */
function watchRequests(library) {
  replace(
    library,
    'request',
    (original) =>
      function watched(...given) {
        const options = given.find((each) => typeof each === 'object') ?? {};
        const object = String(options.path ?? given[0]);
        const met = meet(`http.${options.method ?? 'GET'}`, object);
        const request = original.apply(this, given);
        const reset = () => request.destroy(systemError('ECONNRESET', 'read', object));
        if (met?.do === 'reset') process.nextTick(reset);
        if (met?.do === 'kill-sent') request.once('finish', () => setImmediate(kill));
        // What was asked has been done, and the answer is lost.
        if (met?.do === 'kill-after') request.prependOnceListener('response', kill);
        if (met?.do === 'lose-answer') {
          const emit = request.emit;
          request.emit = function lose(event, ...args) {
            if (event !== 'response') return emit.call(this, event, ...args);
            reset();
            return true;
          };
        }
        return request;
      },
  );
}

function watchPrograms() {
  replace(
    childProcess,
    'spawn',
    (original) =>
      function watched(command, args, options) {
        const words = command === 'sh' ? args.slice(3) : [command, ...args];
        const name = words[0].split('/').at(-1);
        const met = meet(`spawn.${name}`, words.slice(1).join(' '));
        const child =
          met?.do === 'error'
            ? original.call(this, '/nonexistent/program', [], options)
            : original.call(this, command, args, options);
        if (child.pid !== undefined) note(`child ${child.pid} ${name}`);
        if (met?.do === 'kill-after') kill();
        if (met?.do === 'kill-child') child.kill('SIGKILL');
        if (met?.do === 'error') {
          const emit = child.emit;
          child.emit = function rename(event, ...rest) {
            if (event === 'error')
              Object.assign(rest[0], { code: met.code, message: `spawn ${name} ${met.code}` });
            return emit.call(this, event, ...rest);
          };
        }
        return child;
      },
  );
}

/** Requests of libraries that take a callback last. @param {any} prototype @param {string} prefix @param {string[]} keys */
function watchLibrary(prototype, prefix, keys) {
  for (const key of keys) {
    replace(
      prototype,
      key,
      (original) =>
        function watched(...given) {
          const done = given.at(-1);
          const object = typeof given[0] === 'string' ? given[0].slice(0, 200).replaceAll('\n', ' ') : '';
          const met = meet(`${prefix}.${key}`, object);
          if (met === undefined || typeof done !== 'function') return original.apply(this, given);
          // Source of the code: SSH_FX_FAILURE, draft-ietf-secsh-filexfer-02, section 7.
          if (met.do === 'error')
            return process.nextTick(done, Object.assign(new Error('Failure'), { code: 4 }));
          return original.call(this, ...given.slice(0, -1), (...answer) => {
            if (met.do === 'kill-after') kill();
            done(...answer);
          });
        },
    );
  }
}

/** Where a package is: the files that are changed here are none of those that it exports. */
const require = createRequire(`${ROOT}/package.json`);

await watchFiles();
watchRequests(http);
watchRequests(https);
watchPrograms();
syncBuiltinESMExports();
// Each is slow to load, and of use in some scenes only.
const libraries = process.env['CHAOS_LIBRARIES']?.split(',') ?? [];
if (libraries.includes('ssh2')) {
  const { SFTP } = require('ssh2/lib/protocol/SFTP.js');
  const requests =
    'open close read write fstat stat lstat opendir readdir unlink rename mkdir rmdir realpath readlink setstat fsetstat ext_openssh_rename ext_openssh_statvfs ext_openssh_hardlink ext_openssh_fsync';
  watchLibrary(SFTP.prototype, 'sftp', requests.split(' '));
}
if (libraries.includes('mysql2')) {
  const { prototype } = require(`${ROOT}/node_modules/mysql2/lib/base/connection.js`);
  watchLibrary(prototype, 'sql', ['query', 'execute']);
}
const given = process.env['CHAOS_PLAN'];
if (given) arm(JSON.parse(given));
