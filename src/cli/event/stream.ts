import { defined } from '../../lib/defined.ts';
import type { Run } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { follow, untilInterrupted } from '../follow.ts';
import { whileKept } from '../token/keep-token.ts';
import { asType } from './list.ts';
import { eventLine } from './words.ts';

/** Options of `andon event follow`. */
export interface FollowInput {
  readonly after?: number;
  readonly type?: string[];
  readonly count?: number;
}

/** The command `andon event follow`: one line for each event; with `--json` one JSON object a line. */
export async function followEvents(run: Run<FollowInput>): Promise<void> {
  const at = await run.link();
  await whileKept(at, run.world, () => followWith(at, run));
}

async function followWith(at: GatewayLink, { options, terminal }: Run<FollowInput>): Promise<void> {
  const { project, client } = at;
  const types = options.type?.map(asType);
  // A stream waits for a gateway to come back; this query fails at once when there is none to begin with.
  const { position } = await client.project.status.query({ project });
  const end = untilInterrupted();
  const { after = position, count = Number.POSITIVE_INFINITY } = options;
  const input = { project, after, signal: end.signal, ...defined({ types }) };
  let seen = 0;
  try {
    for await (const event of follow(at, input)) {
      terminal.data(terminal.json ? JSON.stringify(event) : eventLine(event, terminal.paint));
      seen += 1;
      if (seen >= count) return;
    }
  } finally {
    end.release();
  }
}
