import { defined } from '../lib/defined.ts';
import { bubblewrapArgs, type SandboxPlace } from './bubblewrap.ts';
import { limiting, type MachineLimits } from './machine-limits.ts';
import { type Containment, userOf } from './sandbox.ts';
import { becoming, rightsDropped, withoutNewRights } from './set-privileges.ts';

/** The program, arguments and user with which a contained command is started. */
export interface Confined {
  readonly program: string;
  readonly args: readonly string[];
  /** The user that the command is started as, unless the containment switches users inside. */
  readonly user: { readonly uid?: number; readonly gid?: number };
}

/**
 * Wraps a command into a containment and its limits: every gate and run is started through this function.
 * `first` are further arguments of bubblewrap.
 */
export function confine(
  containment: Containment,
  place: SandboxPlace,
  limits: MachineLimits,
  command: readonly string[],
  first: readonly string[] = [],
): Confined {
  const own = userOf(containment);
  const limited = [...limiting(limits, own !== undefined, place.workFolder), ...command];
  if (containment.kind === 'bubblewrap') {
    const args = [...first, ...bubblewrapArgs(place, limits, own !== undefined), ...rightsDropped(own), '--'];
    return { program: containment.program, args: [...args, ...becoming(own), ...limited], user: {} };
  }
  const [program = '/bin/sh', ...args] = [...withoutNewRights(own), ...limited];
  return { program, args, user: defined({ uid: own?.uid, gid: own?.gid }) };
}
