import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { AndonError, fail } from '../../lib/errors.ts';
import { act, group, leaf, type Run } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { printableText } from '../printable.ts';
import { refusalLines } from '../refusal.ts';
import type { World } from '../world.ts';

type PlanDiff = Awaited<ReturnType<GatewayLink['client']['plan']['diff']['query']>>;

const fileArgument = ['[file]', 'the plan', 'andon.yaml'] as const;

/** `andon plan`: what is to be done, in which order, under which limits. */
export function planCommand(world: World): Command {
  return group('plan', 'the plan: show, check, compare, apply')
    .addCommand(showCommand(world))
    .addCommand(
      leaf('diff', 'show what applying a plan would change')
        .argument(...fileArgument)
        .action(act<object, [string]>(world, diffPlan)),
    )
    .addCommand(
      leaf('apply', 'apply a plan', 'applies a plan; the same plan again changes nothing')
        .argument(...fileArgument)
        .option('--dry-run', 'show the difference only')
        .action(
          act<{ dryRun?: boolean }, [string]>(world, (run, file) =>
            run.options.dryRun === true ? diffPlan(run, file) : applyPlan(run, file),
          ),
        ),
    )
    .addCommand(
      leaf(
        'check',
        'judge a plan without a gateway',
        'judges a plan without a gateway: shape, references, cycles, tasks that nobody could complete',
      )
        .argument(...fileArgument)
        .action(act<object, [string]>(world, checkFile)),
    );
}

function showCommand(world: World): Command {
  return leaf('show', 'show the applied plan').action(
    act(world, async ({ link }) => {
      const { client, project } = await link();
      const shown = await client.plan.show.query({ project });
      if (shown.plan === null) throw fail('plan.missing', `plan/${project}`);
      const { stringify } = await import('yaml');
      const lines = printableText(stringify(shown.plan)).trimEnd().split('\n');
      return { data: shown, lines, talk: [`revision ${shown.revision}, ${shown.hash?.slice(0, 12)}`] };
    }),
  );
}

async function readPlanFile({ world }: Run<unknown>, file: string): Promise<string> {
  const path = resolve(world.cwd, file);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    throw fail(
      'cli.usage',
      path,
      { found: code, next: 'name the plan, or write one with andon init' },
      error,
    );
  }
}

async function diffPlan(run: Run<object>, file: string) {
  const text = await readPlanFile(run, file);
  const { client, project } = await run.link();
  const diff = await client.plan.diff.query({ project, text });
  return {
    data: diff,
    lines: diffLines(diff),
    talk:
      diff.reasons.length === 0 ? [] : ['held back:', ...refusalLines(diff.reasons, run.terminal.paintTalk)],
  };
}

async function applyPlan(run: Run<object>, file: string) {
  const text = await readPlanFile(run, file);
  const { client, project } = await run.link();
  const answer = await client.plan.put.mutate({ project, text });
  const lines = diffLines(answer);
  return { data: answer, lines, talk: [answer.applied ? 'applied' : 'unchanged'] };
}

function diffLines({ added, changed, removed }: PlanDiff): string[] {
  const lines = [
    ...added.map((task) => `+ ${task}`),
    ...changed.map(({ task, members }) => `~ ${task}: ${members.join(', ')}`),
    ...removed.map((task) => `- ${task}`),
  ];
  return lines.length === 0 ? ['no difference'] : lines;
}

async function checkFile(run: Run<object>, file: string) {
  const text = await readPlanFile(run, file);
  const { parsePlan } = await import('../../tasks/plan-text.ts');
  const { checkPlan } = await import('../../tasks/plan-check.ts');
  const plan = parsePlan(text);
  const [first, ...rest] = checkPlan(plan);
  if (first !== undefined) throw new AndonError([first, ...rest]);
  const counts = { project: plan.project, phases: plan.phases.length, tasks: Object.keys(plan.tasks).length };
  return {
    data: { ok: true, ...counts },
    lines: [`${plan.project}: sound; ${counts.tasks} tasks in ${counts.phases} phases`],
  };
}
