import { pathToFileURL } from 'node:url';

/** One figure; its peer or its limit stands in the same table, from the same run. */
export interface BenchRow {
  readonly what: string;
  readonly value: string;
  readonly ratio?: string;
  readonly goal?: string;
  readonly ok?: boolean;
}

/** The result of a bench. */
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
  // Peers may leave handles open; all results are printed.
  process.exit(0);
}
