import { shortId } from '../../../../lib/ids.ts';

const wholeId = /^[a-z]{3}_[0-9a-z]{26}$/;
const objectId = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;
const milliseconds = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d{3}Z$/;
const objectIdShown = 10;

/** A text as a list shows it: ids in their short form, commits by their beginning, times to the second. */
function shortText(text: string): string {
  if (wholeId.test(text)) return shortId(text);
  if (objectId.test(text)) return text.slice(0, objectIdShown);
  return text.replace(milliseconds, '$1Z');
}

const isEmpty = (value: unknown): boolean =>
  value === null || value === '' || (Array.isArray(value) && value.length === 0);

/** A row as a list shows it: short texts, and no member that says nothing. */
export function shortRow(value: unknown): unknown {
  if (typeof value === 'string') return shortText(value);
  if (Array.isArray(value)) return value.map(shortRow);
  if (typeof value !== 'object' || value === null) return value;
  const told = Object.entries(value).filter(([, one]) => !isEmpty(one));
  return Object.fromEntries(told.map(([name, one]) => [name, shortRow(one)]));
}

/** The members of a row that have these names, in this order. */
export function only(names: readonly string[]): (row: unknown) => unknown {
  return (row) =>
    Object.fromEntries(names.flatMap((name) => (name in Object(row) ? [[name, Object(row)[name]]] : [])));
}
