/** The cents of an amount such as 12.34; throws for anything else. */
export function parseAmount(text) {
  const found = /^(\d+)(?:\.(\d\d))?$/.exec(text);
  if (found === null) throw new TypeError('no amount: ' + text);
  return Number(found[1]) * 100 + Number(found[2] ?? 0);
}
