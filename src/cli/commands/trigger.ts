import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { defined } from '../../lib/defined.ts';
import { fail } from '../../lib/errors.ts';
import type { PlanTriggerInput } from '../../plan/triggers.ts';
import { act, group, leaf, wholeNumber } from '../command.ts';
import { dateWords } from '../dates.ts';
import { parseYaml } from '../read-yaml.ts';
import { type Cell, table } from '../table.ts';
import type { World } from '../world.ts';

/** The command `andon trigger`: actions that happen by themselves. */
export function triggerCommand(world: World): Command {
  return group('trigger', 'triggers: actions that happen by themselves')
    .addCommand(listCommand(world))
    .addCommand(
      leaf('show', 'show a trigger: its next time, its action, and its owner')
        .argument('<name>')
        .action(
          act<object, [string]>(world, async ({ link }, name) => {
            const { client, project } = await link();
            const data = await client.trigger.show.query({ project, name });
            return { data, lines: [JSON.stringify(data, null, 2)] };
          }),
        ),
    )
    .addCommand(historyCommand(world))
    .addCommand(previewCommand(world))
    .addCommand(createCommand(world))
    .addCommand(steered(world, 'pause', 'pause a trigger; fires that wait go on waiting', 'paused'))
    .addCommand(steered(world, 'resume', 'resume a trigger from now on, as your own', 'active'))
    .addCommand(steered(world, 'delete', 'delete a trigger that is not in the plan', 'deleted'))
    .addCommand(fireCommand(world));
}

const when = (at: string | null): string => (at === null ? '-' : dateWords(at));

function listCommand(world: World): Command {
  return leaf('list', 'list the triggers with their next time and their outcomes').action(
    act(world, async ({ link, terminal }) => {
      const { client, project } = await link();
      const rows = await client.trigger.list.query({ project });
      const cells = rows.map((row): Cell[] => [
        row.name,
        row.kind,
        row.state,
        when(row.nextAt),
        String(row.fired),
        String(row.missed),
        String(row.refused),
        row.lastOutcome ?? '-',
        row.owner,
      ]);
      const head = ['TRIGGER', 'KIND', 'STATE', 'NEXT', 'FIRED', 'MISSED', 'REFUSED', 'LAST', 'OWNER'];
      return { data: rows, lines: table(head, cells, terminal.paint) };
    }),
  );
}

function historyCommand(world: World): Command {
  return leaf('history', 'show the outcomes of the fires of a trigger, the latest first')
    .argument('<name>')
    .option('--limit <n>', 'most rows to show', wholeNumber(1, 1000))
    .action(
      act<{ limit?: number }, [string]>(world, async ({ link, options, terminal }, name) => {
        const { client, project } = await link();
        const data = await client.trigger.history.query({ project, name, limit: options.limit ?? 20 });
        const cells = data.fires.map((row): Cell[] => [
          when(row.at),
          row.slot,
          row.outcome,
          row.made ?? row.delivery ?? '-',
          row.error?.map(({ code }) => code).join(', ') ?? '',
        ]);
        const talk = [
          `${data.fired} fired, ${data.missed} missed, ${data.refused} refused, ${data.heldBack} held back, ${data.waiting.length} waiting`,
        ];
        return { data, lines: table(['AT', 'SLOT', 'OUTCOME', 'MADE', 'WHY'], cells, terminal.paint), talk };
      }),
    );
}

/** Reads a trigger in the form of andon.yaml, from a file, or from text such as `{ every: 1h, notify: holder }`. */
async function readTrigger(world: World, given: { file?: string; spec?: string }): Promise<PlanTriggerInput> {
  const { file, spec } = given;
  if ((file === undefined) === (spec === undefined))
    throw fail('cli.usage', '--spec or --file', {
      found: file === undefined ? 'none' : 'both',
      limit: 'one of the two',
    });
  const text = spec ?? (await readFile(resolve(world.cwd, file ?? ''), 'utf8'));
  try {
    return (await parseYaml(text)) as PlanTriggerInput;
  } catch (error) {
    throw fail(
      'cli.usage',
      'the trigger',
      { found: error instanceof Error ? error.message : 'unreadable' },
      error,
    );
  }
}

const specHelp = 'the trigger as in andon.yaml: \'{ cron: "0 9 * * *", notify: "tier:executive" }\'';

function createCommand(world: World): Command {
  return leaf('create', 'create a trigger outside of the plan, under your own grant')
    .argument('<name>')
    .option('--spec <yaml>', specHelp)
    .option('--file <file>', 'a file that holds the trigger')
    .action(
      act<{ spec?: string; file?: string }, [string]>(world, async ({ link, options }, name) => {
        const trigger = await readTrigger(world, options);
        const { client, project } = await link();
        const data = await client.trigger.create.mutate({ project, name, trigger });
        return { data, lines: [`${name} is armed`] };
      }),
    );
}

function previewCommand(world: World): Command {
  return leaf('preview', 'show the next ten times of a trigger, or of one that does not exist yet')
    .argument('[name]')
    .option('--spec <yaml>', specHelp)
    .option('--file <file>', 'a file that holds the trigger')
    .action(
      act<{ spec?: string; file?: string }, [string?]>(world, async ({ link, options }, name) => {
        const isKnown = name !== undefined && options.spec === undefined && options.file === undefined;
        const thought = isKnown ? {} : { trigger: await readTrigger(world, options) };
        const { client, project } = await link();
        const data = await client.trigger.preview.query({
          project,
          ...defined({ name }),
          ...thought,
        });
        const faults = data.reasons.map(({ code, found, rule }) => `${code}: ${found ?? ''}: ${rule}`);
        return {
          data,
          lines: data.times.map(when),
          talk: faults,
          exit: faults.length > 0 ? 'refused' : 'ok',
        };
      }),
    );
}

function steered(
  world: World,
  verb: 'pause' | 'resume' | 'delete',
  summary: string,
  became: string,
): Command {
  return leaf(verb, summary)
    .argument('<name>')
    .action(
      act<object, [string]>(world, async ({ link }, name) => {
        const { client, project } = await link();
        const data = await client.trigger[verb].mutate({ project, name });
        return { data, lines: [`${name} is ${became}`] };
      }),
    );
}

function fireCommand(world: World): Command {
  return leaf('fire', 'fire a trigger once, now, under the grant of its owner')
    .argument('<name>')
    .action(
      act<object, [string]>(world, async ({ link }, name) => {
        const { client, project } = await link();
        const data = await client.trigger.fire.mutate({ project, name });
        return { data, lines: [data.slot], talk: [`andon trigger history ${name} tells what came of it`] };
      }),
    );
}
