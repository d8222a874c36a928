import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type BenchTable, printTable } from './support/table.ts';

const names = [
  'authorise',
  'http',
  'claims',
  'push',
  'landing',
  'gates',
  'queue',
  'check',
  'languages',
  'mcp',
  'triggers',
  'spawn',
  'memory',
] as const;
const self = fileURLToPath(import.meta.url);

/** Runs each bench in a separate process, so that none inherits the heap or the compiled code of another. */
function measure(name: string): BenchTable {
  const args = ['--import', 'tsx', self, '--one', name];
  const { status, stdout } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`bench ${name} ended with ${status}`);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as BenchTable;
}

function markdown({ title, rows }: BenchTable): string {
  const lines = rows.map(({ what, value, ratio, goal, ok }) => {
    const reached = goal === undefined ? '' : `${goal}: ${ok === true ? 'reached' : 'not reached'}`;
    return `| ${what} | ${value} | ${ratio ?? ''} | ${reached} |`;
  });
  return [`**${title}**`, '', '| | | beside the peer | goal |', '|---|---|---|---|', ...lines, ''].join('\n');
}

async function main(args: readonly string[]): Promise<void> {
  if (args[0] === '--one') {
    const { run } = (await import(`./${args[1]}.ts`)) as { run: () => Promise<BenchTable> };
    console.log(JSON.stringify(await run()));
    // Peers may leave handles open; all results are printed.
    process.exit(0);
  }
  const wanted = args.filter((arg) => !arg.startsWith('-'));
  const machine = `${cpus().length} cores of ${cpus()[0]?.model ?? 'an unknown processor'}, Node ${process.version}`;
  console.log(`${machine}\n`);
  for (const name of names.filter((one) => wanted.length === 0 || wanted.includes(one))) {
    const table = measure(name);
    if (args.includes('--markdown')) {
      console.log(markdown(table));
      continue;
    }
    printTable(table);
  }
}

await main(process.argv.slice(2));
