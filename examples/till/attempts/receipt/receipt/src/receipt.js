import { format } from './format.js';
import { total } from './total.js';

/** A receipt: a line for each item, and the total. */
export function receipt(items, kind) {
  const lines = items.map(({ name, price, count }) => name + '  ' + format(price * count));
  return [...lines, 'total  ' + format(total(items, kind))].join('\n');
}
