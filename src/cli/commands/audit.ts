import type { Command } from 'commander';
import { fail } from '../../lib/errors.ts';
import type { VerifyResult } from '../../store/log/verify-log.ts';
import { type AuditFlags, answerOf, runAudit } from '../audit/run-audit.ts';
import { act, durationSeconds, group, leaf, type Run } from '../command.ts';
import { dateWords } from '../dates.ts';
import { short, table } from '../table.ts';
import type { World } from '../world.ts';

interface VerifyOptions {
  readonly file?: string;
  readonly jwks?: string;
}

/** The command `andon audit`. */
export function auditCommand(world: World): Command {
  return withAudits(world, group('audit', 'audits of the plan and of the log')).addCommand(
    leaf(
      'verify',
      'verify the chain and every signed checkpoint',
      `verifies the hash chain of the log and every signed checkpoint, at the gateway, or offline with --file.
Without --jwks an offline run verifies the hashes only, and says so.`,
    )
      .option('--file <events.jsonl>', 'a file that andon event export wrote')
      .option('--jwks <keys.json>', 'with --file: public keys, as andon token keys --json prints them')
      .action(act<VerifyOptions>(world, verify)),
  );
}

const audits = [
  ['plan', 'audit the plan: deviation, schedule, risks, refusals, code on main'],
  ['idle', 'look for agents that do nothing'],
  ['compliance', 'check the whole tree against the limits of the plan'],
] as const;

function withAudits(world: World, command: Command): Command {
  for (const [kind, summary] of audits) {
    command.addCommand(
      leaf(kind, summary, `${summary}; an alert ends with status 1`)
        .option('--last', 'show the last one instead of a new one')
        .option(
          '--over <duration>',
          'for idle: time without work from which an agent is reported, such as 4h',
          durationSeconds,
        )
        .action(act<AuditFlags>(world, async (run) => runAudit(run, kind))),
    );
  }
  return command
    .addCommand(
      leaf('list', 'list audits, the newest first').action(
        act<object>(world, async ({ link, terminal }) => {
          const { client, project } = await link();
          const { audits: rows } = await client.audit.list.query({ project });
          const cells = rows.map((row) => [
            short(row.id),
            row.kind,
            row.alert ? 'alert' : row.state,
            row.askedBy,
            dateWords(row.requestedAt),
            row.title ?? '-',
          ]);
          const head = ['AUDIT', 'KIND', 'STATE', 'BY', 'AT', 'TITLE'];
          return { data: rows, lines: table(head, cells, terminal.paint) };
        }),
      ),
    )
    .addCommand(
      leaf('show', 'show an audit')
        .argument('<audit>', 'id, whole or short')
        .action(
          act<object, [string]>(world, async ({ link }, audit) => {
            const { client, project } = await link();
            return answerOf(await client.audit.show.query({ project, audit }));
          }),
        ),
    );
}

async function verify(run: Run<VerifyOptions>) {
  const { file, jwks } = run.options;
  if (file === undefined && jwks !== undefined)
    throw fail('cli.usage', '--jwks', { found: 'no --file', next: 'name the exported log with --file' });
  const result = file === undefined ? await verifyThere(run) : await verifyHere(run, file);
  refuseUnsound(result);
  const { events, position, hash, checkpoints } = result;
  const signed = 'signatures' in result && result.signatures === false ? 'not verified (no --jwks)' : 'good';
  return {
    data: { ok: true, ...result },
    lines: [
      `unbroken: ${events} events up to position ${position}, ${checkpoints} checkpoints (${signed})`,
      hash,
    ],
  };
}

async function verifyHere({ world, options }: Run<VerifyOptions>, file: string) {
  const { verifyFile } = await import('../audit/verify-file.ts');
  return verifyFile(world.cwd, file, options.jwks);
}

async function verifyThere({ link }: Run<VerifyOptions>) {
  const { client, projectIfAny } = await link();
  return client.audit.verify.query({ project: projectIfAny ?? '*' });
}

function refuseUnsound(result: Pick<VerifyResult, 'fault'> & { readonly below?: string | null }): void {
  const { fault, below = null } = result;
  if (below !== null) throw fail('log.below', 'the log', { found: below });
  if (fault === null) return;
  throw fail('audit.broken', `position ${fault.position}`, {
    found: fault.found,
    limit: fault.expected,
  });
}
