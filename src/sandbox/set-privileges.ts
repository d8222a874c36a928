import type { OwnUser } from './own-user.ts';

/** A user of its own, and the program that takes every right from what runs as that user, where there is one. */
export interface PlainUser extends OwnUser {
  readonly setpriv?: string;
}

/** Arguments of root's bubblewrap: nothing but what it takes to become another user, which then has nothing. */
export const rightsDropped = (user: PlainUser | undefined): readonly string[] =>
  user === undefined
    ? []
    : [
        ...['--cap-drop', 'ALL'],
        ...['--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID', '--cap-add', 'CAP_SETPCAP'],
      ];

const withoutMore = ['--inh-caps=-all', '--no-new-privs'];

/** Words before a command that is to run as a user of its own: no groups, no capabilities, and none to be had by setuid programs. */
export const becoming = (user: PlainUser | undefined): readonly string[] =>
  user?.setpriv === undefined
    ? []
    : [
        user.setpriv,
        ...[`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'],
        ...['--ambient-caps=-all', '--bounding-set=-all', ...withoutMore],
        '--',
      ];

/** The same for a command that was started as that user already, without groups. */
export const withoutNewRights = (user: PlainUser | undefined): readonly string[] =>
  user?.setpriv === undefined ? [] : [user.setpriv, ...withoutMore, '--'];
