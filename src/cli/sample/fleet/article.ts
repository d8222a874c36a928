/** Two articles that get the same code at their first attempt: each passes alone, and one of them fails beside the other. */
const alike: readonly string[] = ['milk', 'honey'];

/** The file of an article; an article that came back gets a code that no other has. */
export function articleOf(name: string, cameBack: boolean): string {
  const own = [...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 90_000;
  const code = alike.includes(name) && !cameBack ? 4_711 : 10_000 + own;
  return `${JSON.stringify({ name, code })}\n`;
}
