import { useState } from 'react';
import { csvOf, tsvOf } from './table-text.ts';

/** The text of a cell: a moment as its date, since an age is true for a second alone. */
function textOf(cell: HTMLTableCellElement): string {
  const moment = cell.querySelector('time');
  return (moment?.dateTime ?? cell.innerText).replaceAll(/\s+/g, ' ').trim();
}

/** The rows of a table as they are on screen, its head first; rows that span all columns are none. */
function rowsOf(table: HTMLTableElement): string[][] {
  const columns = table.tHead?.rows[0]?.cells.length ?? 0;
  return [...table.rows]
    .filter((row) => row.cells.length === columns)
    .map((row) => [...row.cells].map(textOf));
}

function save(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}

/** The nearest table before the buttons. */
const tableOf = (button: HTMLElement): HTMLTableElement | null =>
  button.closest('section')?.querySelector('table') ?? null;

/** Takes the table of its section out of the page: to the clipboard, or as a file. */
export function TableOut({ name }: { readonly name: string }) {
  const [said, setSaid] = useState('');
  const copy = async (table: HTMLTableElement): Promise<void> => {
    const rows = rowsOf(table);
    await navigator.clipboard.writeText(tsvOf(rows));
    setSaid(`${rows.length - 1} rows copied`);
  };
  const onCopy = (button: HTMLElement): void => {
    const table = tableOf(button);
    if (table !== null) copy(table).catch(() => setSaid('The browser did not allow it.'));
  };
  const onSave = (button: HTMLElement): void => {
    const table = tableOf(button);
    if (table !== null) save(`${name}.csv`, csvOf(rowsOf(table)));
  };
  return (
    <div className="row">
      <button type="button" onClick={({ currentTarget }) => onCopy(currentTarget)}>
        Copy rows
      </button>
      <button type="button" onClick={({ currentTarget }) => onSave(currentTarget)}>
        Save as CSV
      </button>
      <span className="quiet" role="status">
        {said}
      </span>
    </div>
  );
}
