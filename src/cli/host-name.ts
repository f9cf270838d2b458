import { hostname } from 'node:os';
import { isSegment } from '../destinations/check-key.ts';
import { ConfigError } from '../errors.ts';

/** The name of this machine, which all that it stores lies below. Throws a ConfigError for a name that no folder can have: Linux takes any. */
export function ownHostName(): string {
  const name = hostname();
  if (isSegment(name)) return name;
  throw new ConfigError(
    `The name of this machine, ${JSON.stringify(name)}, cannot be that of a folder, and its copies lie in a folder of that name`,
    { remedy: 'Give the machine another name: hostnamectl set-hostname NAME' },
  );
}
