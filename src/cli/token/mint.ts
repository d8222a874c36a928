import { resolve } from 'node:path';
import type { Command } from 'commander';
import { fail } from '../../lib/errors.ts';
import { roleOf } from '../../tiers/roles.ts';
import { wireNameOf } from '../../tiers/wire.ts';
import { act, durationSeconds, leaf, many, wholeNumber } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { dateWords } from '../dates.ts';
import type { World } from '../world.ts';
import { writeToken } from './token-file.ts';

interface MintOptions {
  readonly agent: string;
  readonly tier?: 'executive' | 'implementer' | 'validator' | 'human';
  readonly profile?: string;
  readonly role?: string;
  readonly withRuns?: boolean;
  readonly write?: string[];
  readonly read?: string[];
  readonly deny?: string[];
  readonly phase?: string[];
  readonly skill?: string[];
  readonly task?: string;
  readonly epoch?: number;
  readonly complexity?: number;
  readonly lines?: number;
  readonly life?: number;
  readonly grant?: number;
  readonly projects?: string[];
  readonly out?: string;
}

type MintArguments = Parameters<GatewayLink['client']['token']['mint']['mutate']>[0];

const about = `mints a token inside the bounds of your own. Options that you leave out get the usual values of tier and profile.
The token goes to the file of --out (mode 600), or to stdout; never put it into an argument of a program.
Beside the file the key of the gateway is kept (FILE.gateway): the token is sent to a gateway that proves this key, and to no other program.`;

/** The command `andon token mint`. */
export function mintCommand(world: World): Command {
  return leaf('mint', 'mint a token for an agent', about)
    .requiredOption('--agent <agent>', 'the holder, such as agent:builder-1')
    .option('--tier <tier>', 'executive, implementer, validator or human')
    .option('--profile <name>', 'an agent profile of the plan')
    .option('--role <ROLE>', 'a role inside the tier')
    .option('--with-runs', 'with the role GATE_RUNNER: a runner that takes runs of agents as well')
    .addOption(many('--write <glob>', 'a path it may write (may be repeated)'))
    .addOption(many('--read <glob>', 'a path it may read out (may be repeated)'))
    .addOption(many('--deny <glob>', 'a path it may neither write nor read (may be repeated)'))
    .addOption(many('--phase <name>', 'a phase it may work in (may be repeated)'))
    .addOption(many('--skill <name>', 'a skill that tasks may require (may be repeated)'))
    .option('--task <task>', 'good for this task only')
    .option('--epoch <n>', 'with --task: good for this lease only', wholeNumber(1, 1_000_000_000))
    .option('--complexity <n>', 'highest cyclomatic complexity of a function', wholeNumber(1, 1000))
    .option('--lines <n>', 'most lines of a function', wholeNumber(1, 100_000))
    .option(
      '--life <duration>',
      'lifetime of the token (at most 15m, of an executive 60m, of a person 12h)',
      durationSeconds,
    )
    .option(
      '--grant <duration>',
      'time for which it may be renewed (default 12h, at most as long as yours)',
      durationSeconds,
    )
    .addOption(
      many(
        '--projects <name>',
        'a further project in which it may ask for tokens, * for all (may be repeated; executives and validators)',
      ),
    )
    .option('--out <file>', 'write the token to this file, mode 600')
    .action(
      act<MintOptions>(world, async ({ link, options }) => {
        const { client, project, gatewayKey } = await link();
        const { token = '', ...rest } = await client.token.mint.mutate(mintInput(project, options));
        const key = await gatewayKey();
        const { expires, grantExpires = expires } = rest;
        const talk = [
          `${rest.agent}: grant ${rest.grant}, good until ${dateWords(expires * 1000)}`,
          `renewed by andon token renew until ${dateWords(grantExpires * 1000)}`,
        ];
        if (options.out === undefined) {
          return {
            data: { ...rest, token },
            lines: [token],
            talk: [
              ...talk,
              'this is a secret: keep it in a file with mode 600',
              ...(key === undefined ? [] : [`key of the gateway: ANDON_GATEWAY_KEY=${key}`]),
            ],
          };
        }
        const file = resolve(world.cwd, options.out);
        await writeToken(file, token, key);
        return { data: { ...rest, file }, lines: [file], talk };
      }),
    );
}

/** The options as the input of the procedure; options that were not given are left out. */
function mintInput(project: string, options: MintOptions): MintArguments {
  const { agent, profile, life, grant, tier, role, task, epoch, complexity, lines } = options;
  const cap = present({
    tier,
    role,
    task,
    epoch,
    complexity,
    lines,
    w: options.write,
    r: options.read,
    x: options.deny,
    phases: options.phase,
    skills: options.skill,
    [wireNameOf('actions')]: wholeRole(options),
  });
  const rest = present({ profile, lifeSeconds: life, grantSeconds: grant, projects: options.projects });
  return { project, agent, ...rest, cap } as MintArguments;
}

/** The actions of a runner of gates that takes runs as well; the usual ones of the role otherwise. */
function wholeRole({ role, withRuns }: MintOptions): readonly string[] | undefined {
  if (withRuns !== true) return undefined;
  if (role !== 'GATE_RUNNER')
    throw fail('cli.usage', '--with-runs', { found: role ?? 'no role', limit: 'with --role GATE_RUNNER' });
  return roleOf(role)?.actions;
}

const present = (members: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
