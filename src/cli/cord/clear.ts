import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { defined } from '../../lib/defined.ts';
import { fail } from '../../lib/errors.ts';
import { type RootKind, rootKinds } from '../../stops/root-cause.ts';
import { act, leaf, many, type Run } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { parseYaml } from '../read-yaml.ts';
import { short } from '../table.ts';
import type { World } from '../world.ts';

interface ClearOptions {
  readonly rootCause?: string;
  readonly why?: readonly string[];
  readonly evidence?: readonly string[];
  readonly kind?: RootKind;
  readonly prevention?: string;
}

type ClearInput = Parameters<GatewayLink['client']['cord']['clear']['mutate']>[0];

const form = `
A red stop takes a root cause, in a file:
  whys:                  # one to seven, from the stop to its root
    - { why: the change deleted a migration, evidence: commit 3f2c9aa }
    - { why: no gate looks at migrations, evidence: andon.yaml of that day }
  kind: test             # the last why: policy, schema, test or tooling
  prevention: a gate that replays all migrations (task migration-gate)
or as options: --why … --evidence … (as often as needed, in pairs) --kind … --prevention …
A yellow stop takes one --why.`;

/** The command `andon cord clear`. */
export function addClear(world: World): Command {
  return leaf('clear', 'clear a stop, with its root cause when it is red')
    .argument('<stop>')
    .option('--root-cause <file.yaml>', 'the root cause, as below; `-` is stdin')
    .addOption(many('--why <text>', 'a why of the root cause; for a yellow stop the reason'))
    .addOption(many('--evidence <text>', 'evidence for the why before it'))
    .addOption(new Option('--kind <kind>', 'kind of the last why').choices(rootKinds))
    .option('--prevention <text>', 'the change that keeps it from happening again')
    .addHelpText('after', form)
    .action(act<ClearOptions, [string]>(world, clear));
}

async function clear(run: Run<ClearOptions>, stop: string) {
  const said = run.options.rootCause === undefined ? fromOptions(run.options) : await fromFile(run);
  const { client, project } = await run.link();
  const data = await clearThere(client, project, stop, said);
  return { data, lines: [`${short(data.stop)} is cleared`] };
}

/** Clears the stop under the project; a stop of all projects lies under `*`, which the human need not know. */
async function clearThere(
  client: GatewayLink['client'],
  project: string,
  stop: string,
  said: Omit<ClearInput, 'project' | 'stop'>,
) {
  const { stops } = await client.cord.status.query({ project });
  const everywhere = stops.some(
    ({ id, project: of }) => of === '*' && (id.startsWith(stop) || short(id) === stop),
  );
  return client.cord.clear.mutate({ project: everywhere ? '*' : project, stop, ...said });
}

function fromOptions(options: ClearOptions): Pick<ClearInput, 'why' | 'rootCause'> {
  const { why = [], evidence = [], kind, prevention } = options;
  const [first] = why;
  const plain = [kind, prevention, evidence[0], why[1]].every((one) => one === undefined);
  if (plain) return defined({ why: first });
  if (kind === undefined || prevention === undefined || evidence.length !== why.length)
    throw incomplete(options);
  const whys = why.map((one, place) => ({ why: one, evidence: evidence[place] ?? '' }));
  return { rootCause: { whys, kind, prevention } };
}

function incomplete({ why = [], evidence = [], kind, prevention }: ClearOptions) {
  const [kinds, preventions] = [kind, prevention].map((one) => (one === undefined ? 'no' : 'one'));
  return fail('cli.usage', 'cord clear', {
    found: `${why.length} --why, ${evidence.length} --evidence, ${kinds} --kind, ${preventions} --prevention`,
    limit: 'an --evidence for every --why, one --kind, one --prevention',
    next: 'andon cord clear --help shows the form',
  });
}

const fileCharactersMax = 64 * 1024;

/** The file is passed on unchanged: the gateway reports its missing parts. */
async function fromFile({ world, options }: Run<ClearOptions>): Promise<Pick<ClearInput, 'rootCause'>> {
  const file = options.rootCause ?? '';
  try {
    const text = await readFile(file === '-' ? '/dev/stdin' : resolve(world.cwd, file), 'utf8');
    if (text.length > fileCharactersMax) throw new Error(`longer than ${fileCharactersMax} characters`);
    return { rootCause: (await parseYaml(text)) as ClearInput['rootCause'] };
  } catch (error) {
    const found = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
    throw fail('cli.usage', file, { found, next: 'andon cord clear --help shows the form' }, error);
  }
}
