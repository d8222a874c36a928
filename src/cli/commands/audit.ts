import type { Command } from 'commander';
import { fail } from '../../lib/errors.ts';
import type { AuditResult } from '../../store/audit.ts';
import { act, group, leaf, type Run } from '../command.ts';
import type { World } from '../world.ts';

interface VerifyOptions {
  readonly file?: string;
  readonly jwks?: string;
}

/** `andon audit`. */
export function auditCommand(world: World): Command {
  return group('audit', 'the hash chain of the log').addCommand(
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

async function verify(run: Run<VerifyOptions>) {
  const { file, jwks } = run.options;
  if (file === undefined && jwks !== undefined)
    throw fail('cli.usage', '--jwks', { found: 'no --file', next: 'name the exported log with --file' });
  const result = file === undefined ? await verifyThere(run) : await verifyHere(run, file);
  if (result.fault !== null) throw brokenChain(result);
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

async function verifyThere({ link }: Run<VerifyOptions>): Promise<AuditResult> {
  const { client, projectIfAny } = await link();
  return client.audit.verify.query({ project: projectIfAny ?? '*' });
}

function brokenChain({ fault }: Pick<AuditResult, 'fault'>) {
  return fail('audit.broken', `position ${fault?.position}`, {
    found: fault?.found ?? '',
    limit: fault?.expected ?? '',
  });
}
