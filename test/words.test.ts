import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ts } from 'ts-morph';
import { describe, expect, it } from 'vitest';

const src = resolve(import.meta.dirname, '..', 'src');

/** Words that no name in src holds, each with the word that says the same. */
const instead: Readonly<Record<string, string>> = {
  chainer: 'sequencer',
  desk: 'worker',
  door: 'admission, endpoint or proxy',
  foresee: 'precheck',
  foreseen: 'precheck',
  foresight: 'precheck',
  lean: 'the noun of the thing that is short',
  lookout: 'inspector',
  misplaced: 'unordered',
  moving: 'facts',
  oversee: 'audit',
  oversight: 'audit',
  party: 'maker or principal',
  placed: 'sequenced',
  placing: 'sequencing',
  seldom: 'log once',
  together: 'the noun of the whole',
  truth: 'evidence',
  unplaced: 'unsequenced',
  'whole way': 'admission',
};

/** Names on the wire and in stored rows, which keep them, and the files at that edge. */
const wire: ReadonlyMap<string, readonly string[]> = new Map([
  ['truth', ['gateway/runs/end-run.ts', 'store/log/event-data/runs.ts']],
  ['unplaced', ['gateway/audits/procedures.ts']],
]);

/** The words of a name in lower case, in the singular: `RunDoors` is `run door`. */
const wordsOf = (name: string): string[] =>
  name
    .split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/)
    .filter((word) => word !== '')
    .map((word) =>
      word
        .toLowerCase()
        .replace(/ies$/, 'y')
        .replace(/(?<!s)s$/, ''),
    );

const banned = Object.keys(instead);
const bannedIn = (name: string): string[] => {
  const words = ` ${wordsOf(name).join(' ')} `;
  return banned.filter((word) => words.includes(` ${word} `));
};

const complaint = (where: string, name: string): string[] =>
  bannedIn(name).map((word) => `${where}: ${name} says ${word}; say ${instead[word]}`);

/** Every identifier of a file, and the name of every statement. */
function namesOf(path: string): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) names.add(node.text);
    const [first] = ts.isCallExpression(node) && isStatement(node) ? node.arguments : [];
    if (first !== undefined && ts.isStringLiteral(first)) names.add(first.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, false));
  return names;
}

const isStatement = ({ expression }: ts.CallExpression): boolean =>
  ts.isIdentifier(expression) && expression.text === 'statement';

const paths = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));

/** Cheap, and true of every text in which a banned word may stand. */
const suspect = new RegExp(
  banned.map((word) => word.replace(/y$/, '(?:y|ies)').replace(' ', '.?')).join('|'),
  'i',
);

describe('the words of the house', () => {
  it('stand in the names of src', () => {
    expect(paths.length).toBeGreaterThan(300);
    const wrong = paths
      .filter((path) => suspect.test(readFileSync(join(src, path), 'utf8')))
      .flatMap((path) => [...namesOf(join(src, path))].map((name) => ({ path, name })))
      .filter(({ path, name }) => wire.get(name)?.includes(path) !== true);
    expect(wrong.flatMap(({ path, name }) => complaint(path, name))).toEqual([]);
  });

  it('stand in the names of its files and folders', () => {
    expect(paths.flatMap((path) => complaint('src', path))).toEqual([]);
  });

  it('leaves no exemption that nothing needs', () => {
    const unused = [...wire].flatMap(([name, files]) =>
      files.filter((path) => !namesOf(join(src, path)).has(name)).map((path) => `${path}: ${name}`),
    );
    expect(unused).toEqual([]);
  });

  it.each([
    ['createGitDoor', ['door']],
    ['#doors', ['door']],
    ['RunTruth', ['truth']],
    ['HTTPDesk', ['desk']],
    ['readParties', ['party']],
    ['door.enter', ['door']],
    ['the-whole-way', ['whole way']],
    ['events_unplaced', ['unplaced']],
    ['indoor', []],
    ['boolean', []],
    ['replaced', []],
    ['cleanUp', []],
  ])('are told apart in %s', (name, found) => {
    expect(bannedIn(name)).toEqual(found);
  });
});
