import type { Command } from 'commander';
import { defined } from '../../lib/defined.ts';
import { spanWords } from '../../lib/durations.ts';
import { act, durationSeconds, group, leaf } from '../command.ts';
import { boundProject, type GatewayLink } from '../connect.ts';
import { dateWords } from '../dates.ts';
import { short, table } from '../table.ts';
import { explainLines } from '../token/explain.ts';
import { getCommand } from '../token/get.ts';
import { mintCommand } from '../token/mint.ts';
import { renewFile } from '../token/token-file.ts';
import type { World } from '../world.ts';

/** The command `andon token`: mints, renews, explains and revokes tokens. */
export function tokenCommand(world: World): Command {
  return group('token', 'capability tokens and grants')
    .addCommand(mintCommand(world))
    .addCommand(renewCommand(world))
    .addCommand(getCommand(world))
    .addCommand(revokeCommand(world))
    .addCommand(listCommand(world))
    .addCommand(
      leaf('explain', 'show the actions and paths that your token allows and refuses').action(
        act(world, async ({ link }) => {
          const { client, project } = await link();
          const explained = await client.token.explain.query({ project });
          return { data: explained, lines: explainLines(explained) };
        }),
      ),
    )
    .addCommand(
      leaf('keys', 'print the public keys (JWKS) that tokens and checkpoints are verified with').action(
        act(world, async ({ link }) => {
          const { client, project } = await link();
          const keys = await client.token.keys.query({ project });
          return { data: keys, lines: [JSON.stringify(keys, undefined, 2)] };
        }),
      ),
    )
    .addCommand(
      leaf('rotate-key', 'sign new tokens with the next key').action(
        act(world, async ({ link }) => {
          const data = await (await link()).client.token.rotateKey.mutate({ project: '*' });
          return { data, lines: [`${data.kid} signs now`] };
        }),
      ),
    )
    .addCommand(raiseEpochCommand(world));
}

function raiseEpochCommand(world: World): Command {
  return leaf('raise-epoch', 'end every token of the project that was minted so far')
    .requiredOption('--why <text>', 'the reason; it is recorded')
    .action(
      act<{ why: string }>(world, async ({ link, options }) => {
        const { client, project, tokenFile, token } = await link();
        const isOnAll = boundProject(await token()) === undefined;
        const data = await client.token.raiseEpoch.mutate({ project, why: options.why });
        const lines = [`${data.project}: epoch ${data.epoch}`];
        if (!isOnAll) return { data, lines };
        // A token on every project ends there as well, until it is renewed.
        if (tokenFile === undefined) return { data, lines, talk: ['next: andon token renew'] };
        await renewFile(tokenFile, async () => (await client.token.renew.mutate({ project })).token);
        return { data, lines };
      }),
    );
}

function renewCommand(world: World): Command {
  return leaf(
    'renew',
    'get the next token of your grant',
    'gets the next token of your grant; the present one dies after 30 s. Written over the file of --token-file or ANDON_TOKEN_FILE, else printed',
  )
    .option('--life <duration>', 'lifetime of the next token', durationSeconds)
    .action(
      act<{ life?: number }>(world, async ({ link, options }) => {
        const { client, project, tokenFile } = await link();
        const life = defined({ lifeSeconds: options.life });
        const renew = () => client.token.renew.mutate({ project, ...life });
        if (tokenFile === undefined) {
          const { token = '', ...rest } = await renew();
          return { data: { ...rest, token }, lines: [token], talk: [expiry(rest, options.life)] };
        }
        let answer: NextToken = { expires: 0 };
        await renewFile(tokenFile, async () => {
          const { token, ...rest } = await renew();
          answer = rest;
          return token;
        });
        return {
          data: { ...answer, file: tokenFile },
          lines: [tokenFile],
          talk: [expiry(answer, options.life)],
        };
      }),
    );
}

/** The end of the next token, and the wish where the token lives less long. */
function expiry({ expires, lifeSeconds }: NextToken, wished: number | undefined): string {
  const isShorter = wished !== undefined && lifeSeconds !== undefined && lifeSeconds < wished;
  const note = isShorter
    ? `: ${spanWords(lifeSeconds * 1000)} of the ${spanWords(wished * 1000)} asked for, the most that its tier and grant allow`
    : '';
  return `good until ${dateWords(expires * 1000)}${note}`;
}

type NextToken = { readonly expires: number; readonly lifeSeconds?: number };

const kinds = { tok: 'token', gnt: 'grant' } as const;

/** The kind of a value: a token or grant by the prefix of its id, an agent by its name, else a key. */
function kindOf(value: string): 'token' | 'grant' | 'agent' | 'key' {
  const prefix = value.slice(0, 3);
  if (value.charAt(3) === '_' && (prefix === 'tok' || prefix === 'gnt')) return kinds[prefix];
  return /^(agent|human|runner|trigger):/.test(value) ? 'agent' : 'key';
}

function revokeCommand(world: World): Command {
  return leaf(
    'revoke',
    'revoke a token, a grant, an agent or a key',
    'revokes a token (tok_…), a grant (gnt_…), an agent (agent:…) or a key, and all that descends from it, at once',
  )
    .argument('<what>', 'tok_…, gnt_…, agent:… or a key id')
    .requiredOption('--why <text>', 'the reason; it is recorded')
    .action(
      act<{ why: string }, [string]>(world, async ({ link, options }, value) => {
        const { client, project } = await link();
        const kind = kindOf(value);
        const data = await client.token.revoke.mutate({ project, kind, value, why: options.why });
        return { data, lines: revokedLines(data) };
      }),
    );
}

type Revoked = Awaited<ReturnType<GatewayLink['client']['token']['revoke']['mutate']>>;

/** Lines about what was revoked, which passes of gates went with it, and what had landed on them. */
const revokedLines = ({ revoked, voided, landed }: Revoked): string[] => [
  ...revoked.map((row) => `revoked ${row.kind} ${row.value}`),
  ...voided.map((run) => `void: the pass ${short(run)}`),
  ...landed.map(
    ({ change, task, main, gate, runner }) =>
      `landed on it: ${short(change)} (${task}) as ${main.slice(0, 12)}, gate ${gate} on ${runner}`,
  ),
];

function listCommand(world: World): Command {
  return leaf('list', 'list the grants of the project')
    .option('--agent <agent>', 'only those of an agent')
    .action(
      act<{ agent?: string }>(world, async ({ link, options, terminal }) => {
        const { client, project } = await link();
        const agent = defined({ agent: options.agent });
        const rows = await client.token.list.query({ project, ...agent });
        const cells = rows.map((row) => [
          short(row.gid),
          row.agent,
          row.cap.tier,
          row.cap.role,
          short(row.parent),
          standing(row),
        ]);
        const head = ['GRANT', 'AGENT', 'TIER', 'ROLE', 'PARENT', 'HOLDS'];
        return { data: rows, lines: table(head, cells, terminal.paint) };
      }),
    );
}

function standing(row: { revokedAt: string | null; expiresAt: string }): string {
  if (row.revokedAt !== null) return 'revoked';
  return Date.parse(row.expiresAt) < Date.now() ? 'ended' : `until ${dateWords(row.expiresAt)}`;
}
