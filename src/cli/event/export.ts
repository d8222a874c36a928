import type { FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ChainedEvent } from '../../store/log/chain.ts';
import type { Checkpoint } from '../../store/log/verify-log.ts';
import { replaceFileBy } from '../../store/replace-file.ts';
import type { Run } from '../command.ts';
import type { GatewayLink } from '../connect.ts';

const pageMax = 1000;

/** A line of an export: an event, or a signed statement about the chain up to an earlier event. */
export type ExportLine =
  | ({ readonly kind: 'event' } & ChainedEvent)
  | ({ readonly kind: 'checkpoint' } & Checkpoint);

/** The command `andon event export`: the whole chain, over all projects, since the order runs over all of them. */
export async function exportEvents({ link, options, terminal, world }: Run<{ out?: string }>) {
  const at = await link();
  const { out } = options;
  if (out === undefined) {
    for await (const line of exportLines(at)) terminal.data(JSON.stringify(line));
    return undefined;
  }
  const path = resolve(world.cwd, out);
  const counts = await replaceFileBy(path, { mode: 0o600 }, (file) => writeAll(file, at));
  return {
    data: { file: path, ...counts },
    lines: [path],
    talk: [`${counts.events} events, ${counts.checkpoints} checkpoints`],
  };
}

async function writeAll(file: FileHandle, at: GatewayLink): Promise<{ events: number; checkpoints: number }> {
  const counts = { events: 0, checkpoints: 0 };
  for await (const line of exportLines(at)) {
    counts[line.kind === 'event' ? 'events' : 'checkpoints'] += 1;
    await file.write(`${JSON.stringify(line)}\n`);
  }
  return counts;
}

async function* exportLines({ client }: GatewayLink): AsyncGenerator<ExportLine> {
  const project = '*';
  const events = paged(
    async (after) => (await client.event.list.query({ project, after, limit: pageMax })).events,
  );
  for await (const event of events) yield { kind: 'event', ...event };
  const checkpoints = paged((after) => client.audit.checkpoints.query({ project, after, limit: pageMax }));
  for await (const { position, hash, kid, signature } of checkpoints)
    yield { kind: 'checkpoint', position, hash, kid, signature };
}

/** Rows page by page, each page after the position of the last row before it. */
async function* paged<Row extends { readonly position: number }>(
  read: (after: number) => Promise<Row[]>,
): AsyncGenerator<Row> {
  for (let after = 0; ; ) {
    const page = await read(after);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < pageMax) return;
    after = last.position;
  }
}
