/** The total of a cart in cents. */
export function total(items, kind, day, code) {
  let sum = 0;
  for (const item of items) {
    if (item.price > 0 && item.count > 0) {
      sum += item.price * item.count;
    } else if (item.gift || item.sample) {
      sum += 0;
    }
  }
  if (kind === 'member' && sum > 10000) sum -= sum * 0.1;
  else if (kind === 'staff' || kind === 'owner') sum -= sum * 0.2;
  if (day === 'monday' && sum > 5000) sum -= 500;
  if (code === 'SPRING') sum -= 100;
  return sum < 0 ? 0 : Math.round(sum);
}
