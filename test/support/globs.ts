import fc from 'fast-check';

/** A second implementation of the glob language, by a regular expression, to compare the automata with. */
export function referenceMatch(glob: string, path: string): boolean {
  if (path === '' || path.startsWith('/') || path.endsWith('/') || path.includes('//')) return false;
  return (known.get(glob) ?? compile(glob)).test(path);
}

const known = new Map<string, RegExp>();

function compile(glob: string): RegExp {
  const segments = glob.split('/');
  const source = segments.map((segment, i) => {
    const last = i === segments.length - 1;
    if (segment === '**') return last ? '[^/]+(?:/[^/]+)*' : '(?:[^/]+/)*';
    const text = [...segment]
      .map((char) => (char === '*' ? '[^/]*' : char === '?' ? '[^/]' : literal(char)))
      .join('');
    return `(?=[^/])${text}${last ? '' : '/'}`;
  });
  const compiled = new RegExp(`^${source.join('')}$`, 'u');
  known.set(glob, compiled);
  return compiled;
}

const literal = (char: string): string => char.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

export const referenceScope = (w: readonly string[], x: readonly string[], path: string): boolean =>
  w.some((glob) => referenceMatch(glob, path)) && !x.some((glob) => referenceMatch(glob, path));

/** Every valid path of at most `length` characters over the alphabet. */
export function allPaths(alphabet: string, length: number): string[] {
  const found: string[] = [];
  let layer = [''];
  for (let i = 0; i < length; i++) {
    layer = layer
      .flatMap((head) => [...alphabet].map((char) => head + char))
      .filter((text) => !/^\/|\/\//.test(text));
    found.push(...layer.filter((text) => !text.endsWith('/')));
  }
  return found;
}

const segment = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), minLength: 1, maxLength: 3 }),
  },
  { weight: 1, arbitrary: fc.constant('**') },
);

/** A glob over the letters a and b. */
export const someGlob = fc
  .array(segment, { minLength: 1, maxLength: 3 })
  .map((segments) => segments.map((one) => (one === '**' ? one : one.replace(/\*+/g, '*'))).join('/'));

export const someGlobs = (maxLength: number) => fc.array(someGlob, { maxLength });
