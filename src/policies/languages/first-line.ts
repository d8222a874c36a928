const line = /^#!\s*(\S+)([^\n\r]*)/;
const option = /^(?:-|\w+=)/;

/** The program that the first line of a text starts, without its folder and version: `python` of `#!/usr/bin/env python3.12`. */
export function interpreterOf(head: string): string | undefined {
  const [, program, rest = ''] = line.exec(head) ?? [];
  if (program === undefined) return undefined;
  const words = [program, ...rest.trim().split(/\s+/)].map((word) => word.slice(word.lastIndexOf('/') + 1));
  const found = words[0] === 'env' ? words.slice(1).find((word) => !option.test(word)) : words[0];
  return found?.replace(/(?<=[a-z])[\d.]+$/, '');
}
