const rates = { member: 0.1, staff: 0.2 };

/** The total of a cart in cents, after the discount of the kind of customer. */
export function total(items, kind) {
  const sum = items.reduce((before, { price, count }) => before + price * count, 0);
  return Math.round(sum * (1 - (rates[kind] ?? 0)));
}
