import { RUN_TYPES, type RunType } from '../copies/run-type.ts';
import { isRecord, type StatusContent, StatusDamagedError } from './envelope.ts';

/** The attributes of one copy as they are stored; what we do not know is kept (contract: status files). */
export type Attributes = Readonly<Record<string, unknown>>;

/** The content of a status of periodic copies: for each run type the attributes of each key. Never changed in place. */
export type PeriodicStatus = Readonly<Record<RunType, Readonly<Record<string, Attributes>>>>;

function mapRunTypes(each: (runType: RunType) => Readonly<Record<string, Attributes>>): PeriodicStatus {
  const sections = RUN_TYPES.map((runType) => [runType, each(runType)] as const);
  return Object.fromEntries(sections) as PeriodicStatus;
}

/** A status without a copy. */
export const EMPTY_STATUS: PeriodicStatus = mapRunTypes(() => ({}));

/** Checks the shape of a decoded status; members that are not known here stay in it. Throws a StatusDamagedError when it has another one. */
export function parsePeriodicStatus(content: StatusContent): PeriodicStatus {
  const sections = mapRunTypes((runType) => {
    const section = content[runType] ?? {};
    if (!isRecord(section) || !Object.values(section).every(isRecord)) {
      throw new StatusDamagedError(`its section "${runType}" is not a list of copies`);
    }
    return section as Record<string, Attributes>;
  });
  return { ...content, ...sections };
}

/** Every key and its attributes. */
export function entriesOf(status: PeriodicStatus): [string, Attributes][] {
  return RUN_TYPES.flatMap((runType) => Object.entries(status[runType]));
}

/** Whether the status lists a copy under this key. */
export function hasKey(status: PeriodicStatus, key: string): boolean {
  return RUN_TYPES.some((runType) => Object.hasOwn(status[runType], key));
}

export function withEntry(
  status: PeriodicStatus,
  runType: RunType,
  key: string,
  attributes: Attributes,
): PeriodicStatus {
  return { ...status, [runType]: { ...status[runType], [key]: attributes } };
}

export function withoutKeys(status: PeriodicStatus, keys: readonly string[]): PeriodicStatus {
  const kept = (section: Readonly<Record<string, Attributes>>) =>
    Object.fromEntries(Object.entries(section).filter(([key]) => !keys.includes(key)));
  return { ...status, ...mapRunTypes((runType) => kept(status[runType])) };
}

/** `status` with the members that only `other` has, and its attributes for the keys both have. */
export function withExtraAttributes(status: PeriodicStatus, other: PeriodicStatus): PeriodicStatus {
  const sections = mapRunTypes((runType) =>
    Object.fromEntries(
      Object.entries(status[runType]).map(([key, attributes]) => [
        key,
        { ...other[runType][key], ...attributes },
      ]),
    ),
  );
  return { ...other, ...status, ...sections };
}
