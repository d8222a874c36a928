import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pino from 'pino';
import { startApp } from '../../src/app.ts';
import { configure } from '../../src/config.ts';
import { createClient } from '../../src/gateway/client.ts';
import { connectMcp } from '../support/mcp.ts';

const rounds = 5;
const callsPerRound = Number(process.env.CALLS ?? 100);
const goalMs = 2;

const quantile = (values: readonly number[], part: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * part)] ?? 0;

async function time(call: () => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  for (let n = 0; n < callsPerRound; n++) {
    const begun = performance.now();
    await call();
    taken.push(performance.now() - begun);
  }
  return taken;
}

/** One call after the other by tool and by tRPC, each with its official client, in turns. */
export async function run(): Promise<{
  title: string;
  rows: { what: string; value: string; ratio?: string; goal?: string; ok?: boolean }[];
}> {
  const folder = mkdtempSync(join(tmpdir(), 'andon-bench-'));
  const config = configure({ dataFolder: join(folder, 'data'), stateFolder: join(folder, 'state') }, {});
  const app = await startApp(config, { log: pino({ level: 'silent' }), purpose: 'test' });
  const token = readFileSync(app.owner.file, 'utf8').trim();
  const trpc = createClient({ url: app.url, token: () => token });
  await trpc.project.create.mutate({ project: 'bench' });
  const mcp = await connectMcp(app.url, token);
  const project = 'bench';
  const report = { project, kind: 'report' as const, title: 'x', body: 'y' };
  const pairs = [
    {
      what: 'a query (token.explain)',
      tool: () => mcp.must('token_explain', { project }),
      same: () => trpc.token.explain.query({ project }),
    },
    {
      what: 'a mutation (report.write, PGlite)',
      tool: () => mcp.must('report_write', report),
      same: () => trpc.report.write.mutate(report),
    },
  ];
  const rows: Awaited<ReturnType<typeof run>>['rows'] = [];
  try {
    for (const { what, tool, same } of pairs) {
      await time(tool);
      await time(same);
      const byTool: number[] = [];
      const byTrpc: number[] = [];
      for (let round = 0; round < rounds; round++) {
        byTool.push(...(await time(tool)));
        byTrpc.push(...(await time(same)));
      }
      const above = quantile(byTool, 0.5) - quantile(byTrpc, 0.5);
      const ms = (values: readonly number[]): string =>
        `${quantile(values, 0.5).toFixed(2)} ms p50, ${quantile(values, 0.99).toFixed(2)} ms p99`;
      rows.push({ what: `${what}, tRPC`, value: ms(byTrpc) });
      rows.push({
        what: `${what}, MCP tool`,
        value: ms(byTool),
        ratio: `${above.toFixed(2)} ms above`,
        goal: `at most ${goalMs} ms above`,
        ok: above <= goalMs,
      });
    }
    return { title: 'a call as an MCP tool beside the same call over tRPC, official clients', rows };
  } finally {
    await mcp.close();
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { title, rows } = await run();
  console.log(title);
  console.table(rows);
}
