/**
 * Actions by the name of a role, as text: `task:read,claim repo:push` is `task:read`, `task:claim` and
 * `repo:push`. Text, because a version may name actions that a later version has dropped.
 */
export type RoleSets = Readonly<Record<string, Readonly<Record<ActionList, string>>>>;

/** The sets of a version, written out. */
export type WrittenSets = ReadonlyMap<string, Readonly<Record<ActionList, readonly string[]>>>;

/** Name of a list of a capability: `ops` holds the actions to exercise, `dops` the actions to delegate. */
export type ActionList = 'ops' | 'dops';

/** Writes the sets of a version out: every action by its full name. */
export const written = (sets: RoleSets): WrittenSets =>
  new Map(
    Object.entries(sets).map(([role, { ops, dops }]) => [
      role,
      { ops: actionsIn(ops), dops: actionsIn(dops) },
    ]),
  );

const actionsIn = (text: string): readonly string[] =>
  text
    .split(' ')
    .filter((group) => group !== '')
    .flatMap((group) => {
      const [noun = '', verbs = ''] = group.split(':');
      return verbs.split(',').map((verb) => `${noun}:${verb}`);
    });
