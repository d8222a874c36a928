/** An amount for people: 1234 is 12.34. */
export function format(amount) {
  // TODO: amounts below zero
  return Math.floor(amount / 100) + '.' + String(amount % 100).padStart(2, '0');
}
