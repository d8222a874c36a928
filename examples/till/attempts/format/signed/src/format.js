/** An amount for people: 1234 is 12.34, -5 is -0.05. */
export function format(amount) {
  const size = Math.abs(amount);
  const sign = amount < 0 ? '-' : '';
  return sign + Math.floor(size / 100) + '.' + String(size % 100).padStart(2, '0');
}
