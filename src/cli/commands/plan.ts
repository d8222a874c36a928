import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { defined } from '../../lib/defined.ts';
import { AndonError, fail } from '../../lib/errors.ts';
import type { ProtectedWrite } from '../../plan/protected-writes.ts';
import { workTree } from '../check/git.ts';
import { act, group, leaf, type Run } from '../command.ts';
import { diffLines } from '../plan/difference.ts';
import {
  diffRevisions,
  historyCommand,
  namesRevision,
  revertCommand,
  showRevision,
} from '../plan/history.ts';
import { printableText } from '../printable.ts';
import { refusalLines } from '../refusal.ts';
import type { World } from '../world.ts';

const usualFile = 'andon.yaml';
const fileArgument = ['[file]', 'the plan', usualFile] as const;

/** The command `andon plan`: tasks, their order, and their limits. */
export function planCommand(world: World): Command {
  return group('plan', 'the plan: show, check, compare, apply')
    .addCommand(showCommand(world))
    .addCommand(
      leaf(
        'diff',
        'show what applying a plan would change',
        'shows what applying a plan would change, changed guards first; or, of two applied plans (number or hash), the difference',
      )
        .argument(...fileArgument)
        .argument('[other]', 'an applied plan to compare with (default: the latest)')
        .action(act<object, [string, string?]>(world, diffEither)),
    )
    .addCommand(
      leaf('apply', 'apply a plan', 'applies a plan; the same plan again changes nothing')
        .argument(...fileArgument)
        .option('--dry-run', 'show the difference only')
        .option('--reason <text>', 'why, which is kept with the plan')
        .action(
          act<{ dryRun?: boolean; reason?: string }, [string]>(world, (run, file) =>
            run.options.dryRun === true ? diffPlan(run, file) : applyPlan(run, file),
          ),
        ),
    )
    .addCommand(historyCommand(world))
    .addCommand(revertCommand(world))
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
  const command = leaf('show', 'show the applied plan, or an earlier one').argument(
    '[plan]',
    'the number of an earlier plan, or the beginning of its hash',
  );
  return command.action(
    act<object, [string?]>(world, async (run, revision) => {
      if (revision !== undefined) return showRevision(run, revision);
      const { link } = run;
      const { client, project } = await link();
      const shown = await client.plan.show.query({ project });
      if (shown.plan === null) throw fail('plan.missing', `plan/${project}`);
      const { stringify } = await import('yaml');
      const lines = printableText(stringify(shown.plan)).trimEnd().split('\n');
      return { data: shown, lines, talk: [`revision ${shown.revision}, ${shown.hash?.slice(0, 12)}`] };
    }),
  );
}

/** The path of a plan; the usual one lies at the top of the repository, wherever in it the command is given. */
async function planPath({ cwd }: World, file: string): Promise<string> {
  const here = resolve(cwd, file);
  if (file !== usualFile || existsSync(here)) return here;
  return join((await workTree(cwd)) ?? cwd, usualFile);
}

async function readPlanFile({ world }: Run<unknown>, file: string): Promise<string> {
  const path = await planPath(world, file);
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

async function diffEither(run: Run<object>, one: string, other: string | undefined) {
  if (namesRevision(one, run.world)) return diffRevisions(run, one, other);
  if (other === undefined) return diffPlan(run, one);
  throw fail('cli.usage', one, {
    found: 'no applied plan',
    limit: 'a number, or six characters of a hash or more',
    next: 'andon plan history',
  });
}

async function applyPlan(run: Run<{ reason?: string }>, file: string) {
  const text = await readPlanFile(run, file);
  const { client, project } = await run.link();
  const answer = await client.plan.put.mutate({ project, text, ...defined({ reason: run.options.reason }) });
  const lines = diffLines(answer);
  const beyond = answer.applied ? await beyondAgents(run, answer) : [];
  return { data: answer, lines, talk: [answer.applied ? 'applied' : 'unchanged', ...beyond] };
}

const beyondShown = 10;

/** The note on added and changed tasks that no agent who pulls work may claim, since tokens keep the bounds they were minted with. */
async function beyondAgents(
  run: Run<object>,
  { added, changed }: { readonly added: readonly string[]; readonly changed: readonly { task: string }[] },
): Promise<string[]> {
  const { client, project } = await run.link();
  const touched = new Set([...added, ...changed.map(({ task }) => task)]);
  const waiting = await client.task.waiting.query({ project });
  const found = waiting.filter((one) => one.beyondAgents && touched.has(one.task)).map(({ task }) => task);
  if (found.length === 0) return [];
  const more = found.length > beyondShown ? ` and ${found.length - beyondShown} more` : '';
  const names = found.slice(0, beyondShown).join(', ');
  return [
    `note: no agent's token may claim ${names}${more}: mint one that covers them: andon token mint --agent agent:…`,
  ];
}

async function checkFile(run: Run<object>, file: string) {
  const text = await readPlanFile(run, file);
  const { parsePlan } = await import('../../plan/parse.ts');
  const { checkPlan } = await import('../../plan/check.ts');
  const plan = parsePlan(text);
  const [first, ...rest] = checkPlan(plan);
  if (first !== undefined) throw new AndonError([first, ...rest]);
  const { protectedWrites, wideWriters } = await import('../../plan/protected-writes.ts');
  const notes = protectedWrites(plan, await trackedFiles(dirname(await planPath(run.world, file))));
  const counts = { project: plan.project, phases: plan.phases.length, tasks: Object.keys(plan.tasks).length };
  return {
    data: { ok: true, ...counts, ...(notes.length > 0 && { protected: notes }) },
    lines: [`${plan.project}: sound; ${counts.tasks} tasks in ${counts.phases} phases`],
    talk: noteLines(notes, wideWriters(plan)),
  };
}

const notesMax = 40;
const wideMax = 5;

/** Lines on the protected files in write scopes, and on scopes wide enough to come to hold such files. */
function noteLines(notes: readonly ProtectedWrite[], wide: readonly string[]): string[] {
  const shown = notes
    .slice(0, notesMax)
    .map(
      ({ task, path, reader }) =>
        `note: tasks.${task}.write holds ${path}, which is protected, read by ${reader}`,
    );
  const left = notes.length > notesMax ? [`note: and ${notes.length - notesMax} more`] : [];
  const rest = wide.length > wideMax ? ` and ${wide.length - wideMax} more` : '';
  const names = wide.slice(0, wideMax).join(', ');
  const wideLine = `note: files that steer tools (package.json, Makefile, lock files, CI …) stay protected inside wide scopes: ${names}${rest}`;
  const lines = [...shown, ...left, ...(wide.length === 0 ? [] : [wideLine])];
  return lines.length === 0
    ? []
    : [...lines, '`unprotect` of a task opens them: the name of a tool (npm), a path or a glob'].map(
        printableText,
      );
}

/** The files that git tracks below a folder, as paths from there; none where there is no repository. */
async function trackedFiles(folder: string): Promise<string[]> {
  const { fields, gitIn } = await import('../check/git.ts');
  const listed = await gitIn(folder)(['ls-files', '-z']).catch(() => undefined);
  return listed === undefined ? [] : fields(listed);
}
