import { refuseClosed } from '../../sandbox/gate-room.ts';
import { type Containment, findContainment, userOf } from '../../sandbox/sandbox.ts';
import type { RunFolder } from '../prepare/run-folder.ts';
import type { LiveRunOptions } from '../run-options.ts';

/**
 * Chooses the containment of a run, before any of its processes starts. Errors: the containment that the
 * operator requires is missing; `sandbox.folder` when the user of the run cannot enter its folder.
 */
export function containRun(
  { sandbox, outer, ownUser }: Pick<LiveRunOptions, 'sandbox' | 'outer' | 'ownUser'>,
  place: RunFolder,
): Containment {
  const containment = findContainment(outer.PATH);
  if (sandbox === 'required' && containment.kind !== 'bubblewrap')
    throw new Error('the operator requires bubblewrap, and this machine has none that works');
  const user = userOf(containment);
  if (user !== undefined) ownUser(user.uid);
  if (containment.kind === 'other-user') refuseClosed(place.folder);
  return containment;
}
