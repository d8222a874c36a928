/** The cents of an amount such as 12.34. */
export function parseAmount(text) {
  return Math.round(Number(text) * 100);
}
