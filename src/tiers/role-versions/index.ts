import { type ActionList, type WrittenSets, written } from './role-sets.ts';
import { version1 } from './version-1.ts';
import { version2 } from './version-2.ts';
import { version3 } from './version-3.ts';
import { version4 } from './version-4.ts';

export type { ActionList } from './role-sets.ts';

/** Written-out sets of roles by the number of their version. */
export type RoleVersions = ReadonlyMap<number, WrittenSets>;

/**
 * Every version of the role table that a living token may name. The meaning of a name in one version never
 * changes.
 */
export const roleVersions: RoleVersions = new Map([
  [1, written(version1)],
  [2, written(version2)],
  [3, written(version3)],
  [4, written(version4)],
]);

/** The version that new tokens name: the newest one, equal to `roles.ts`, as a test ensures. */
export const roleVersion = Math.max(...roleVersions.keys());

const named = /^([A-Z][A-Z0-9_]*)@(\d{1,6})$/;

/**
 * Packs a list of actions for a token: `["OWNER@1"]` for the set of that role in that version of the table,
 * then `+noun:verb` for each action more and `-noun:verb` for each less. A list whose role the version does
 * not have is written out.
 */
export function packActions(
  list: ActionList,
  role: string,
  held: readonly string[],
  versions = roleVersions,
  version = roleVersion,
): string[] {
  const base = versions.get(version)?.get(role)?.[list];
  if (base === undefined) return [...held];
  return [
    `${role}@${version}`,
    ...held.filter((one) => !base.includes(one)).map((one) => `+${one}`),
    ...base.filter((one) => !held.includes(one)).map((one) => `-${one}`),
  ];
}

/**
 * Unpacks such a list into actions. A list without a role comes from an older token and is taken as it is.
 * Undefined when the list names a version or a role that this build does not know, or is not in the form that
 * `packActions` gives.
 */
export function unpackActions(
  list: ActionList,
  packed: readonly string[],
  versions = roleVersions,
): readonly string[] | undefined {
  const [first = '', ...differences] = packed;
  const name = named.exec(first);
  if (name === null) return packed.every(isPlain) ? packed : undefined;
  const base = setNamed(versions, name)?.[list];
  return base && applied(base, differences);
}

const setNamed = (versions: RoleVersions, [, role = '', version]: readonly string[]) =>
  versions.get(Number(version))?.get(role);

const isPlain = (one: string): boolean => /^[a-z]/.test(one);

/** The set with the differences applied; undefined when a difference is malformed or does not fit the set. */
function applied(base: readonly string[], differences: readonly string[]): readonly string[] | undefined {
  const more = differences.filter((one) => one.startsWith('+')).map((one) => one.slice(1));
  const less = differences.filter((one) => one.startsWith('-')).map((one) => one.slice(1));
  const isExact =
    more.length + less.length === differences.length &&
    more.every((one) => !base.includes(one)) &&
    less.every((one) => base.includes(one));
  return isExact ? [...base.filter((one) => !less.includes(one)), ...more] : undefined;
}
