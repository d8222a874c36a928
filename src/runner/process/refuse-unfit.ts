import { refuseClosed } from '../../sandbox/gate-room.ts';
import type { Containment, SandboxSetting } from '../../sandbox/sandbox.ts';

/**
 * Refuses a containment that is not fit for a run, before any of its processes starts. Errors: the containment
 * that the operator requires is missing; `sandbox.folder` when the user of the run cannot enter its folder.
 */
export function refuseUnfit({ kind }: Containment, sandbox: SandboxSetting, folder: string): void {
  if (sandbox === 'required' && kind !== 'bubblewrap')
    throw new Error('the operator requires bubblewrap, and this machine has none that works');
  if (kind === 'other-user') refuseClosed(folder);
}
