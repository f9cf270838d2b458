import { TwinDbError } from '../../errors.ts';
import { isRecord } from '../../status/envelope.ts';
import type { Action } from './actions.ts';

type Kind = 'text' | 'path' | 'mode' | 'text?' | 'mode?' | 'names?';

/** What each action is made of. */
const FIELDS = {
  note: { text: 'text' },
  stop: { unit: 'text', remark: 'text?' },
  make: { folder: 'path', mode: 'mode?', owner: 'text?' },
  move: { from: 'path', to: 'path' },
  'move-into': { from: 'path', to: 'path', names: 'names?', prefix: 'text?' },
  chown: { path: 'path', owner: 'text' },
  chmod: { path: 'path', mode: 'mode' },
  relabel: { path: 'path' },
  start: { unit: 'text' },
} as const satisfies { readonly [K in Action['do']]: Readonly<Record<string, Kind>> };

/** Reads back an action from a journal. Throws a TwinDbError when it is none of this version. */
export function parseAction(value: unknown): Action {
  const action = isRecord(value) ? value : {};
  const kind = action['do'];
  const fields: Readonly<Record<string, Kind>> | undefined =
    typeof kind === 'string' && Object.hasOwn(FIELDS, kind) ? FIELDS[kind as Action['do']] : undefined;
  if (fields === undefined || !Object.entries(fields).every(([name, is]) => fits(action[name], is)))
    throw new TwinDbError(`this version knows no such action: ${JSON.stringify(value)}`);
  return action as unknown as Action;
}

function fits(value: unknown, kind: Kind): boolean {
  if (value === undefined && kind.endsWith('?')) return true;
  switch (kind) {
    case 'text':
    case 'text?':
      return typeof value === 'string';
    case 'path':
      return typeof value === 'string' && value.startsWith('/');
    case 'mode':
    case 'mode?':
      return typeof value === 'number';
    case 'names?':
      return Array.isArray(value) && value.every((name) => typeof name === 'string' && /^[^/]+$/.test(name));
  }
}
