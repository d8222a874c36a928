/** Parses YAML that a person gives a command. The library is loaded at its use: most commands need none. */
export async function parseYaml(text: string): Promise<unknown> {
  const { parse } = await import('yaml');
  return parse(text, { maxAliasCount: 0 });
}
