import { z } from 'zod';
import { mergeTask } from '../../changes/open-merge.ts';
import { type AndonError, fail } from '../../lib/errors.ts';
import { readStops } from '../../stops/rows.ts';
import { parseScope } from '../../stops/stop-scope.ts';
import { type Session, statement } from '../../store/store.ts';
import type { Call } from '../admission/admission.ts';
import { project } from '../admission/inputs.ts';
import { type DirectProcedure, query } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';
import { readHeld } from './holds.ts';
import type { HeldThings, PreviewAnswer } from './shapes.ts';

/** Mutations that can be previewed: those of the page, whose preparation changes nothing. */
const previewed = [
  'cord.pull',
  'cord.clear',
  'verdict.approve',
  'verdict.reject',
  'gate.pass',
  'task.answer',
  'run.stop',
] as const;
type Previewed = (typeof previewed)[number];

type Effects = PreviewAnswer['effects'];
type PreviewedInput = Readonly<Record<string, unknown>>;

const textIn = (input: PreviewedInput, name: string): string => String(input[name] ?? '');

const heldEffects = ({ tasks, runs, landings }: HeldThings): Effects => [
  ...runs.map((id) => ({ kind: 'run', id })),
  ...tasks.map((id) => ({ kind: 'task', id })),
  ...landings.map((id) => ({ kind: 'landing', id })),
];

async function effectsOfPull(session: Session, name: string, input: PreviewedInput): Promise<Effects> {
  const scope = parseScope(textIn(input, 'scope')) ?? { kind: 'project', value: '' };
  const colour = input.colour === 'red' ? 'red' : 'yellow';
  return heldEffects(await readHeld(session, name, { scope, colour, cause: 'person' }));
}

async function effectsOfClear(session: Session, name: string, input: PreviewedInput): Promise<Effects> {
  const stop = (await readStops(session, name)).find(({ id }) => id === input.stop);
  return stop === undefined ? [] : heldEffects(await readHeld(session, name, stop));
}

const ofChange = statement('page.taskOfChange', 'select task from changes where project = $1 and id = $2');
const ofRun = statement(
  'page.taskOfRun',
  `select task from runs where project = $1 and id = $2 and task is not null`,
);

const taskEffects =
  (of: typeof ofChange, named: 'change' | 'run') =>
  async (session: Session, name: string, input: PreviewedInput): Promise<Effects> => {
    const rows = await session.rows<{ task: string }>(of, [name, input[named]]);
    const tasks = rows.filter(({ task }) => task !== mergeTask);
    return [
      { kind: named, id: textIn(input, named) },
      ...tasks.map(({ task }) => ({ kind: 'task', id: task })),
    ];
  };

/** The things that a call would change, by the present rows. */
const effectsOf: Readonly<
  Record<Previewed, (session: Session, name: string, input: PreviewedInput) => Promise<Effects>>
> = {
  'cord.pull': effectsOfPull,
  'cord.clear': effectsOfClear,
  'verdict.approve': taskEffects(ofChange, 'change'),
  'verdict.reject': taskEffects(ofChange, 'change'),
  'gate.pass': taskEffects(ofChange, 'change'),
  'task.answer': async (_session, _name, input) => [{ kind: 'task', id: textIn(input, 'task') }],
  'run.stop': taskEffects(ofRun, 'run'),
};

function invalid(found: z.ZodError): AndonError {
  const [issue] = found.issues;
  return fail('request.invalid', issue?.path.join('.') || 'input', { found: issue?.message ?? 'unknown' });
}

async function refusedFor(procedure: DirectProcedure | undefined, call: Call, input: unknown) {
  if (procedure?.preview === undefined) throw fail('request.invalid', 'action');
  const parsed = procedure.input.safeParse(input);
  if (!parsed.success) throw invalid(parsed.error);
  return procedure.preview(call, parsed.data);
}

/** The procedure `page.preview`: the reasons against a call, and the things that it would change if there are none; nothing is changed. */
export function previewProcedure(gateway: Gateway, procedures: () => ReadonlyMap<string, DirectProcedure>) {
  return query(gateway, {
    action: 'grant:explain',
    description:
      'Dry run of a mutation: decides it as at this moment, tells what it would change, and changes nothing.',
    input: z.strictObject({
      project,
      action: z.enum(previewed).describe('Path of the mutation'),
      input: z.record(z.string(), z.unknown()).describe('Its input, without the project'),
    }),
    answer: async ({ project: name, action, input }, call): Promise<PreviewAnswer> => {
      const refused = await refusedFor(procedures().get(action), call, { ...input, project: name });
      if (refused.length > 0) return { allowed: false, refused, effects: [] };
      return { allowed: true, refused, effects: await effectsOf[action](gateway.store, name, input) };
    },
  });
}
