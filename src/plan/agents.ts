import { z } from 'zod';
import { count, dayMs, duration, glob, name, text } from '../lib/schemas.ts';
import { adapterNames } from './kinds.ts';

const tier = z.enum(['executive', 'implementer', 'validator']);

/** The model of an agent whose profile names none, by tier; aliases that agent programs understand. */
export const modelsDefault = { executive: 'opus', implementer: 'sonnet', validator: 'haiku' } as const;

const model = z
  .string()
  .regex(/^[\w][\w.:/@-]{0,99}$/, 'letters, digits and ._:/@-, at most 100, a letter or digit first');

export const models = z
  .strictObject({
    executive: model.default(modelsDefault.executive),
    implementer: model.default(modelsDefault.implementer),
    validator: model.default(modelsDefault.validator),
  })
  .describe('The model of each tier, where a profile names none');

const share = z.string().regex(/^(100|\d{1,2})%$/, 'a percentage such as `15%`');

const runBudget = z.strictObject({
  tokens: count.optional().describe('Model tokens of one run, input and output'),
  usd: z.number().min(0).max(1_000_000).optional(),
  wallClock: duration(1000, 7 * dayMs, 'between 1s and 7d').optional(),
  commits: count.optional(),
  files: count.optional(),
  lines: count.optional(),
  beforeFirstCommit: share
    .default('30%')
    .describe('The share of tokens, USD and wall clock that may be spent before the first progress'),
});

const environmentName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'a name of an environment variable');
const host = z
  .string()
  .regex(
    /^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:\d{1,5})?$/,
    'a host, or `*.host`, with an optional port',
  );

/**
 * An agent profile of the plan: the rights of its tokens, and the way to start a run of it. Only humans
 * change profiles.
 */
export const agentProfile = z.strictObject({
  tier,
  role: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,39}$/)
    .optional(),
  skills: z.array(name).max(32).default([]),
  write: z
    .array(glob)
    .max(64)
    .optional()
    .describe('Paths for tokens of this profile; default: those of all tasks'),
  adapter: z
    .enum(adapterNames)
    .optional()
    .describe('How a run is started; without it, agents of this profile are started by hand'),
  run: text(4096).optional().describe('With `adapter: command`: the shell command that is the agent'),
  program: text(4096)
    .optional()
    .describe('With `claude` or `codex`: the program, when it is not the one on PATH'),
  model: model.optional(),
  template: tier.optional().describe('A prompt of the package (templates/prompts); `prompt` is added to it'),
  prompt: text(20_000)
    .optional()
    .describe('What the agent is told, before its task; {task}, {title}, {branch} are filled in'),
  env: z
    .record(environmentName, text(4096))
    .default({})
    .describe('Environment variables of a run; no secrets'),
  pass: z
    .array(environmentName)
    .max(32)
    .default([])
    .describe('Environment variables of the runner that a run gets, such as the key of a model provider'),
  network: z
    .union([z.literal('open'), z.array(host).max(64)])
    .default([])
    .describe('Hosts that a run may reach besides the gateway, where a sandbox can hold it to that'),
  budget: runBudget.prefault({}),
  // No default, as with `pool`.
  context: z
    .strictObject({
      tokens: count
        .optional()
        .describe(
          'The largest context of one answer of the model, in the input tokens that the program reports',
        ),
      folders: z.enum(['allowed', 'refused']).optional().describe('Loads of whole folders; default: allowed'),
    })
    .optional()
    .describe('What a run may load; `tokens` with the adapters claude and codex, `folders` with claude'),
  maxDuration: duration(1000, 7 * dayMs, 'between 1s and 7d').default('30m'),
  idle: duration(1000, dayMs, 'between 1s and 1d')
    .default('10m')
    .describe('A run that prints nothing and makes no call for this long has ended'),
  flatTurns: z
    .number()
    .int()
    .min(0)
    .max(1000)
    .default(3)
    .describe(
      'A run ends after so many turns in a row that changed nothing and called nothing new; 0 for never',
    ),
  usage: z
    .enum(['printed', 'otel'])
    .optional()
    .describe(
      'Where tokens and USD are read from: what the program prints (the default), or OpenTelemetry metrics besides; the larger counts',
    ),
  autoTerminate: z.boolean().default(true).describe('Ends the run once its task is handed over'),
  retries: z
    .number()
    .int()
    .min(0)
    .max(10)
    .default(2)
    .describe('Further attempts, for outcomes that allow one'),
  // No default: applying a plan without it leaves a stored plan without it unchanged.
  pool: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe(
      'So many runs are kept going while there is work that they may take, under the grant of whoever applies the plan',
    ),
});
