import { setTimeout as delay } from 'node:timers/promises';
import type { AuditKind } from '../../audits/kinds.ts';
import { defined } from '../../lib/defined.ts';
import { fail } from '../../lib/errors.ts';
import type { Answer, Run } from '../command.ts';
import { printableText } from '../printable.ts';

/** Options of the commands that run an audit. */
export interface AuditFlags {
  readonly over?: number;
  readonly last?: boolean;
}

const everyMs = 200;
const waitMsMax = 10 * 60_000;

/**
 * Has an audit carried out and prints its finding; `last` shows the last finding instead. Alerts end with
 * exit code 1.
 */
export async function runAudit({ link, options }: Run<AuditFlags>, kind: AuditKind): Promise<Answer> {
  const { client, project } = await link();
  const audit = options.last === true ? await lastOf() : await asked();
  const untilMs = performance.now() + waitMsMax;
  for (;;) {
    const shown = await client.audit.show.query({ project, audit });
    if (shown.endedAt !== null) return answerOf(shown);
    if (performance.now() > untilMs)
      throw fail('cli.cancelled', audit, {
        found: 'the audit takes too long',
        next: `andon audit show ${audit}`,
      });
    await delay(everyMs);
  }

  async function asked(): Promise<string> {
    const over = defined({ overSeconds: options.over });
    return (await client.audit.run.mutate({ project, kind, ...over })).audit;
  }

  async function lastOf(): Promise<string> {
    const { audits } = await client.audit.list.query({ project, kind, limit: 1 });
    const [newest] = audits;
    if (newest === undefined)
      throw fail('audit.missing', kind, {
        found: 'none was carried out yet',
        next: kind === 'report' ? 'andon report progress' : `andon audit ${kind}`,
      });
    return newest.id;
  }
}

/** Formats an audit for people and for programs. */
export function answerOf(audit: {
  id: string;
  state: string;
  alert: boolean;
  title: string | null;
  body: string | null;
}): Answer {
  const { title, body, alert, state } = audit;
  const lines = [`# ${title ?? audit.id}`, '', ...(body ?? '').split('\n')].map(printableText);
  return { data: audit, lines, exit: alert || state === 'failed' ? 'failed' : 'ok' };
}
