import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { unmeasuredLines } from '../../../analysis/unmeasured-lines.ts';
import { defined } from '../../../lib/defined.ts';
import { AndonError } from '../../../lib/errors.ts';
import type { VerifiedToken } from '../../../tiers/capability.ts';
import { callOf } from '../../admission/admission.ts';
import { authoriseRead } from '../../admission/admit-query.ts';
import { decisionFileReasons } from '../../pushes/decision-file-reasons.ts';
import { decisionsBeside } from '../../pushes/decisions-beside.ts';
import { judgeMerge } from '../../pushes/judge-merge.ts';
import { claimedBy, judgePush } from '../../pushes/judge-push.ts';
import { judgeSource } from '../../pushes/judge-source.ts';
import { printable, refusalLines } from '../../pushes/push-refusal.ts';
import { mergeNamedBy } from '../../repositories/merge-tips.ts';
import type { Gateway } from '../../services.ts';
import { createGitHandler, type Judgement, type Push } from './handler.ts';
import { viewMerge, viewPush } from './quarantine.ts';

/** The git endpoint of the gateway: admission decides who may fetch and push, as it decides every other call. */
export function createGitEndpoint(gateway: Gateway, hooksDir: string, log: Logger) {
  return createGitHandler<VerifiedToken>({
    runner: gateway.git.runner,
    hooksDir,
    repository: async (project) =>
      gateway.tokens.knowsProject(project) ? (await gateway.git.open(project)).repository : undefined,
    authenticate: (req, action, project) => authenticate(gateway, req, action, project),
    judge: (push) => judge(gateway, push),
    trouble: (error) => log.error({ err: error }, 'git endpoint'),
  });
}

async function authenticate(
  gateway: Gateway,
  req: IncomingMessage,
  action: 'repo:fetch' | 'repo:push',
  project: string,
): Promise<VerifiedToken> {
  const grant = await gateway.tokens.authenticate(req.headers.authorization).catch((error: unknown) => {
    if (error instanceof AndonError) gateway.metrics.refusedToken(error.code);
    throw error;
  });
  // A cheap early refusal; a push is decided again, under the lock, once its objects are there. Its task is
  // known only then, so this check leaves out the task that a grant is bound to.
  const { task, epoch } = grant.cap;
  const own = defined({ task, epoch: task === undefined ? undefined : epoch });
  await authoriseRead(gateway, callOf(grant), { action, project, ...own });
  return grant;
}

async function judge(gateway: Gateway, push: Push<VerifiedToken>): Promise<Judgement> {
  const started = performance.now();
  const { grant, project, updates } = push;
  if (updates.some(({ ref }) => mergeNamedBy(ref) !== undefined)) return judgePushedMerge(gateway, push);
  const claimed = updates.map(({ ref }) => claimedBy(ref)).find((one) => one !== undefined);
  const { trees, facts } = await gateway.git.open(project);
  const accepted = await gateway.git.accepted(project, claimed?.task ?? '');
  const notes: string[] = [];
  const reasons = await viewPush(
    push,
    { runner: gateway.git.runner, accepted, facts, trees },
    async (view) => {
      const { reasons: found, unmeasured } = await judgeSource(gateway, project, view, grant);
      notes.push(...unmeasuredLines(unmeasured).map((line) => `andon: ${printable(line)}`));
      const source = [...found, ...(await decisionFileReasons(view.tips, view.reader))];
      return judgePush(gateway, project, grant, { updates: view.updates, tips: view.tips, source });
    },
  );
  const ok = reasons.length === 0;
  gateway.metrics.pushed(ok ? 'accepted' : 'refused', (performance.now() - started) / 1000);
  if (ok) return { ok, lines: notes };
  const beside = await decisionsBeside(gateway.store, project, reasons);
  return { ok, lines: [...refusalLines(updates[0]?.ref ?? project, reasons), ...beside, ...notes] };
}

/** Judges the merge of main with the upstream, which no scope and no limit of agents bounds. */
async function judgePushedMerge(gateway: Gateway, push: Push<VerifiedToken>): Promise<Judgement> {
  const { grant, project, updates } = push;
  const seen = await viewMerge(push, gateway.git.runner);
  const reasons = await judgeMerge(gateway, project, grant, seen);
  const ok = reasons.length === 0;
  return { ok, lines: ok ? [] : refusalLines(updates[0]?.ref ?? project, reasons) };
}
