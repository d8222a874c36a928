import { z } from 'zod';
import { pathFault } from '../lib/paths.ts';
import { count, dayMs, duration, glob, name, size, text } from '../lib/schemas.ts';
import { agentProfile, models, modelsDefault } from './agents.ts';
import { checkSettings } from './check-settings.ts';
import { priorities } from './kinds.ts';
import { planTrigger } from './triggers.ts';

export { durationMs } from '../lib/durations.ts';
export { sizeBytes } from '../lib/schemas.ts';

const path = z.string().refine((one) => pathFault(one) === undefined, 'a path inside the repository');

/** True for an address that git reaches without starting a program of its choice, and that holds no secret. */
function isRemote(address: string): boolean {
  if (address.startsWith('/')) return true;
  if (address.includes('::') || address.startsWith('-')) return false;
  if (/^(?:https?|ssh|file):\/\//.test(address))
    return URL.canParse(address) && new URL(address).password === '';
  return /^[\w.-]+@[\w.-]+:[\w./~-]+$/.test(address);
}

const setup = z
  .strictObject({
    run: text(4096).describe(
      'A shell command, such as `npm ci`; it sees the files of `from` and nothing else',
    ),
    from: z
      .array(path)
      .min(1)
      .max(32)
      .describe(
        'Protected files that it reads, as the candidate has them; one that is not there is left out',
      ),
    keep: z.array(path).min(1).max(16).describe('What it makes: every gate gets a copy of these paths'),
    network: z.boolean().default(false).describe('Leaves the network open to it'),
    timeout: duration(100, dayMs, 'between 100ms and 1d').default('10m'),
  })
  .describe(
    'A step before the gate whose outcome is kept and used again while `from` and the command are the same',
  );

const commandGate = z.strictObject({
  run: text(4096).describe('A shell command; it runs in a clean checkout of the candidate'),
  timeout: duration(100, dayMs, 'between 100ms and 1d').default('10m'),
  network: z
    .boolean()
    .default(false)
    .describe(
      'Leaves the network open to the command, to install dependencies say; closed otherwise, in bubblewrap',
    ),
  setup: setup.optional(),
});
const manualGate = z.strictObject({
  by: z.enum(['human', 'validator']).describe('Who passes this gate by hand'),
});

const budget = z.strictObject({
  tokens: count.optional(),
  usd: z.number().min(0).max(1_000_000).optional(),
  commits: count.optional(),
  files: count.optional(),
  lines: count.optional(),
  children: count.optional(),
});

const tierLimits = z.strictObject({
  complexity: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe(
      'Highest cyclomatic complexity of a function that a change adds; an old one above it does not grow',
    ),
  functionLines: z.number().int().min(1).max(100_000).optional().describe('Most lines of such a function'),
  budget: budget.optional(),
});

// No defaults here: applying a plan without these members leaves a stored plan without them unchanged.
const machineLimits = z
  .strictObject({
    processes: z
      .number()
      .int()
      .min(8)
      .max(100_000)
      .optional()
      .describe('Most processes at once; default 512'),
    memory: size(16e6, 64e12, 'between 16MB and 64TB')
      .optional()
      .describe('Most memory of all its processes together; default 4GB'),
    disk: size(1e6, 64e12, 'between 1MB and 64TB')
      .optional()
      .describe('Most that may lie in its folders; default 10GB'),
    openFiles: z
      .number()
      .int()
      .min(64)
      .max(1_000_000)
      .optional()
      .describe('Most files that one process may have open; default 4096'),
  })
  .describe('What one gate, or one run of an agent, may take of the machine before it is ended');

const task = z.strictObject({
  title: text(200),
  // No default: applying a plan without it leaves a stored plan without it unchanged.
  kind: name
    .optional()
    .describe('The sort of work, such as `feature` or `bug`: the record is kept by it; default `task`'),
  description: text(64 * 1024)
    .optional()
    .describe('What is wanted, in Markdown; quoted as data wherever an agent reads it'),
  acceptance: z
    .array(text(2000))
    .max(50)
    .optional()
    .describe('What must hold when the task is done, one criterion each'),
  phase: name,
  needs: z.array(name).max(1000).default([]).describe('Tasks that must be done first'),
  write: z.array(glob).max(64).default([]).describe('Paths that the work may change'),
  deny: z.array(glob).max(64).default([]).describe('Paths inside `write` that it may not change'),
  unprotect: z
    .array(glob)
    .max(64)
    .default([])
    .describe(
      'Protected files that this task may change: the name of a tool (`npm`), a path or a glob; only a human may add them',
    ),
  requires: z.array(name).max(32).default([]).describe('Skills that a claimant must have'),
  gates: z.array(name).max(32).default([]),
  priority: z.enum(priorities).default('normal'),
  deadline: z.iso.datetime({ offset: true }).optional(),
  expected: duration(1000, 365 * dayMs, 'between 1s and 365d')
    .optional()
    .describe('How long the work is expected to take'),
  done: z
    .enum(['landed', 'approved', 'artefact'])
    .optional()
    .describe('Overrides the done state of the project'),
  progress: z
    .union([
      z.literal('tree'),
      z.strictObject({ tests: name.describe('A gate with a command; fewer failing tests are progress') }),
      z.strictObject({ artefact: path.describe('A file; a new content of it is progress') }),
    ])
    .optional()
    .describe('What tells that a run gets on with the task; default: its tree'),
});

// No defaults here either.
const landing = z
  .strictObject({
    batch: z
      .number()
      .int()
      .min(1)
      .max(64)
      .optional()
      .describe(
        'Most changes that one run of the gates vouches for; 1 tests each landed tree by itself; default 8',
      ),
    retry: z
      .number()
      .int()
      .min(0)
      .max(10)
      .optional()
      .describe('How often a change that failed by itself runs again before it is refused; default 1'),
  })
  .describe('How approved changes land; only a person changes it');

const upstream = z
  .strictObject({
    url: text(1000)
      .refine(isRemote, 'an https or ssh address without credentials, or an absolute path')
      .describe(
        'The repository that main is mirrored to; credentials come from the environment of the gateway',
      ),
    follow: z
      .boolean()
      .default(false)
      .describe('Takes what colleagues push there by itself, fast-forward only; it is not judged by Andon'),
  })
  .describe('The repository beside which Andon works; only a person changes it');

/** The schema of andon.yaml. `done` has no default on purpose: each project defines when its tasks count as done. */
export const planSchema = z.strictObject({
  version: z.literal(1),
  project: name,
  done: z.enum(['landed', 'approved', 'artefact']).describe('What counts as done; mandatory'),
  phases: z.array(name).min(1).max(64),
  limits: z
    .strictObject({
      implementer: tierLimits.optional(),
      wip: z.number().int().min(1).max(10_000).optional().describe('Most tasks in progress at once'),
      wipPerAgent: z
        .number()
        .int()
        .min(1)
        .max(10_000)
        .optional()
        .describe('Most tasks that one agent holds in progress at once'),
      blobBytes: z
        .number()
        .int()
        .min(1024)
        .max(1024 ** 3)
        .optional()
        .describe('Largest file of a push'),
      runs: z
        .number()
        .int()
        .min(0)
        .max(10_000)
        .default(50)
        .describe('Most runs of agents at once, waiting ones included'),
      machine: machineLimits.optional(),
    })
    .prefault({}),
  lease: duration(1000, dayMs, 'between 1s and 1d')
    .default('60s')
    .describe('How long a claim is held without renewal'),
  checks: checkSettings.optional(),
  gates: z.record(name, z.union([commandGate, manualGate])).default({}),
  landing: landing.optional(),
  upstream: upstream.optional(),
  protect: z
    .array(glob)
    .max(128)
    .default([])
    .describe('Paths that stay closed besides the files by which tools are steered, which always do'),
  agents: z.record(name, agentProfile).default({}),
  models: models.default({ ...modelsDefault }),
  tasks: z.record(name, task).default({}),
  triggers: z.record(name, planTrigger).default({}),
});

/** andon.yaml, parsed, with defaults filled in. */
export type Plan = z.infer<typeof planSchema>;
/** A task of the plan, defaults filled in. */
export type PlanTask = Plan['tasks'][string];
/** A gate of the plan, defaults filled in. */
export type PlanGate = Plan['gates'][string];
/** An agent profile of the plan, defaults filled in. */
export type PlanAgent = Plan['agents'][string];

/** The JSON Schema that the package publishes as andon.schema.json. */
export const planJsonSchema = (): unknown =>
  z.toJSONSchema(planSchema, { io: 'input', target: 'draft-2020-12' });
