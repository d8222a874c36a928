import type { Code } from '../../lib/codes/index.ts';
import { sentence } from '../../lib/errors.ts';
import { sendMessage } from '../../messages/messages.ts';
import type { Tx } from '../../store/store.ts';
import type { Action } from '../../tiers/actions.ts';
import type { Grant } from '../../tiers/capability.ts';
import type { Denial } from './admission.ts';

/** Actions that offer code. */
const offering: readonly Action[] = ['repo:push', 'change:submit'];

/** Policies on code, in contrast to leases, refs and states. */
const policies: ReadonlySet<Code> = new Set<Code>([
  'scope.write',
  'scope.protected',
  'scope.delete',
  'frame.merge',
  'tree.symlink',
  'tree.gitlink',
  'tree.mode',
  'tree.name',
  'tree.twin',
  'push.trailer',
  'phase.closed',
  'complexity',
  'function.length',
  'source.opaque',
]);

const reasonsToldMax = 20;

/**
 * Sends a message to the agent and to the executives when offered code breaks a policy. Called once for a new
 * denial, in its transaction: a repeated one is counted without a message.
 */
export async function tellViolation(tx: Tx, grant: Grant, denied: Denial): Promise<void> {
  if (!offering.includes(denied.action)) return;
  const broken = denied.reasons.filter(({ code }) => policies.has(code));
  if (broken.length === 0) return;
  const names = [...new Set(broken.map(({ code }) => code))].join(', ');
  const left = broken.length - reasonsToldMax;
  const body = [
    ...broken.slice(0, reasonsToldMax).map(sentence),
    ...(left > 0 ? [`and ${left} more`] : []),
  ].join('\n');
  const { project, subject, action } = denied;
  const data = { action, agent: grant.sub, reasons: broken.slice(0, reasonsToldMax) };
  const message = { project, kind: 'alert' as const, subject, body, data };
  await sendMessage(tx, { ...message, recipient: grant.sub, title: `refused: ${names}` });
  await sendMessage(tx, {
    ...message,
    recipient: 'tier:executive',
    title: `${grant.sub} was refused: ${names}`,
  });
}
