import { pathToFileURL } from 'node:url';

/** One figure; the peer or the limit that it is measured against stands in the same table, from the same run. */
export interface BenchRow {
  readonly what: string;
  readonly value: string;
  readonly ratio?: string;
  readonly goal?: string;
  readonly ok?: boolean;
}

/** What every bench gives back. */
export interface BenchTable {
  readonly title: string;
  readonly rows: readonly BenchRow[];
}

export function printTable({ title, rows }: BenchTable): void {
  console.log(title);
  console.table(Object.fromEntries(rows.map(({ what, ...rest }) => [what, rest])));
}

/** Measures and prints when the file of this URL is the program that was started; ends the process then. */
export async function runWhenMain(url: string, run: () => Promise<BenchTable>): Promise<void> {
  if (url !== pathToFileURL(process.argv[1] ?? '').href) return;
  printTable(await run());
  // Peers may leave handles open; what was measured is out.
  process.exit(0);
}
