import type { Command } from 'commander';
import { fail } from '../../lib/errors.ts';
import { act, leaf, type Run } from '../command.ts';
import { printable } from '../printable.ts';
import { short } from '../table.ts';
import { look, waitingLine } from '../task/waiting.ts';
import type { World } from '../world.ts';

/** The command `andon why`: one line about a change, or about a task, whose change it takes once there is one. */
export function whyCommand(world: World): Command {
  return leaf('why', 'tell in one line what a change or a task waits for')
    .argument('<change-or-task>')
    .action(
      act<object, [string]>(world, (run, id) => (isChange(id) ? changeWhy(run, id) : taskWhy(run, id))),
    );
}

const isChange = (id: string): boolean => /^chg_[0-9a-z]{4,26}$/.test(id);

async function changeWhy({ link }: Run<object>, change: string) {
  const { client, project } = await link();
  const data = await client.change.why.query({ project, change });
  return { data, lines: [`${short(data.change)}  ${data.task}  ${data.why}`] };
}

async function taskWhy(run: Run<object>, id: string) {
  const { waiting, tasks } = await look(await run.link());
  const task = tasks.get(id);
  if (task === undefined) throw fail('task.missing', `task/${id}`);
  const row = waiting.find((one) => one.task === id);
  if (row?.change) return changeWhy(run, row.change);
  const line = row === undefined ? `${id} is ${task.state}` : waitingLine(row, tasks);
  return { data: { task: id, state: task.state, waiting: row ?? null }, lines: [printable(line)] };
}
