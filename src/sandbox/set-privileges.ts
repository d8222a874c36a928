import type { OwnUser } from './own-user.ts';

/** A separate user, and the program that takes every right from processes of that user, if it is installed. */
export interface PlainUser extends OwnUser {
  readonly setpriv?: string;
}

/** Arguments of root's bubblewrap that keep only the rights to become another user, which then has none. */
export const rightsDropped = (user: PlainUser | undefined): readonly string[] =>
  user === undefined
    ? []
    : [
        ...['--cap-drop', 'ALL'],
        ...['--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID', '--cap-add', 'CAP_SETPCAP'],
      ];

const withoutMore = ['--inh-caps=-all', '--no-new-privs'];

/**
 * Words before a command that make it run as a separate user: no groups, no capabilities, and none to be had
 * by setuid programs.
 */
export const becoming = (user: PlainUser | undefined): readonly string[] =>
  user?.setpriv === undefined
    ? []
    : [
        user.setpriv,
        ...[`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'],
        ...['--ambient-caps=-all', '--bounding-set=-all', ...withoutMore],
        '--',
      ];

/** Words before a command that was started as the separate user already: no capabilities, and no groups to drop. */
export const withoutNewRights = (user: PlainUser | undefined): readonly string[] =>
  user?.setpriv === undefined ? [] : [user.setpriv, ...withoutMore, '--'];
