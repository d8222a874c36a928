import { connectMcp } from '../support/mcp.ts';
import { median, quantile, timed } from './support/figures.ts';
import { startBenchGateway } from './support/gateway.ts';
import { type BenchRow, type BenchTable, runWhenMain } from './support/table.ts';

const rounds = 5;
const callsPerRound = Number(process.env.CALLS ?? 100);
const goalMs = 2;

async function time(call: () => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  for (let n = 0; n < callsPerRound; n++) taken.push(await timed(call));
  return taken;
}

/** One call after the other by tool and by tRPC, each with its official client, in turns. */
export async function run(): Promise<BenchTable> {
  await using gateway = await startBenchGateway();
  const { url, token, owner: trpc } = gateway;
  await trpc.project.create.mutate({ project: 'bench' });
  const mcp = await connectMcp(url, token);
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
  const rows: BenchRow[] = [];
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
      const above = median(byTool) - median(byTrpc);
      const ms = (values: readonly number[]): string =>
        `${median(values).toFixed(2)} ms p50, ${quantile(values, 0.99).toFixed(2)} ms p99`;
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
  }
}

await runWhenMain(import.meta.url, run);
