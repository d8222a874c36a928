import { pushFacts } from '../../git/facts.ts';
import type { Reason } from '../../lib/decision.ts';
import { readProject } from '../../tasks/rows.ts';
import type { Grant } from '../../tiers/capability.ts';
import type { Gateway } from '../services.ts';
import { previewPush } from './judge-push.ts';
import { judgeSource } from './judge-source.ts';

/** Judges a commit that is already in the repository as its push would be; records nothing. */
export async function previewCommit(
  gateway: Gateway,
  input: { project: string; task: string; epoch: number; commit: string },
  grant: Grant,
): Promise<Reason[]> {
  const { runner } = gateway.git;
  const { repository, reader, facts } = await gateway.git.open(input.project);
  const accepted = await gateway.git.accepted(input.project, input.task);
  const tip = await pushFacts({
    runner,
    gitDir: repository.gitDir,
    reader,
    tip: input.commit,
    accepted,
    cache: facts,
  });
  const view = { tips: [tip], reader, place: { runner, gitDir: repository.gitDir } };
  const { reasons: source } = await judgeSource(gateway, input.project, view, grant);
  const row = await readProject(gateway.store, input.project);
  return previewPush(gateway, input, grant, { updates: [], tips: [tip], source }, row?.planHash ?? null);
}
