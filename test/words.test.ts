import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ts } from 'ts-morph';
import { describe, expect, it } from 'vitest';

const src = resolve(import.meta.dirname, '..', 'src');

/** Words that no name in src holds, each with the word to use instead. */
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
  dops: 'delegable',
  ep: 'epoch',
  gid: 'grant id',
  lin: 'lineage',
  ops: 'actions',
};

/**
 * Names that are given from outside, and the files or folders at that edge: of tokens, of stored data, of
 * rows that clients see unchanged, and of the operating system.
 */
const wire: ReadonlyMap<string, readonly string[]> = new Map([
  ['truth', ['gateway/runs/end-run.ts', 'store/log/event-data/runs.ts']],
  ['unplaced', ['gateway/audits/procedures.ts']],
  [
    'dops',
    ['tiers/wire.ts', 'tiers/capability-schema.ts', 'tiers/role-versions/', 'gateway/auth/verify-token.ts'],
  ],
  [
    'ops',
    ['tiers/wire.ts', 'tiers/capability-schema.ts', 'tiers/role-versions/', 'gateway/auth/verify-token.ts'],
  ],
  ['ep', ['tiers/wire.ts', 'gateway/auth/claims.ts']],
  [
    'lin',
    ['tiers/wire.ts', 'gateway/auth/claims.ts', 'gateway/tokens/', 'gateway/changes/', 'tasks/schema.ts'],
  ],
  [
    'gid',
    [
      ...['tiers/wire.ts', 'gateway/auth/claims.ts', 'gateway/auth/verify-token.ts', 'gateway/auth/kept.ts'],
      ...[
        'gateway/tokens/',
        'gateway/changes/',
        'gateway/runs/',
        'cli/commands/token.ts',
        'cli/doctor/grants.ts',
      ],
      // Rows that clients are shown, and events, which are hashed with their names.
      ...[
        'tasks/schema.ts',
        'changes/schema.ts',
        'changes/syncs.ts',
        'changes/merge-landing.ts',
        'runs/',
        'store/log/',
        'store/schema.ts',
        'gateway/admission/',
        'gateway/page/end-sessions.ts',
        'stops/rows.ts',
      ],
      ...['triggers/queue.ts', 'triggers/causes.ts', 'gateway/triggers/actions/spawn.ts'],
      // The groups of Unix.
      ...['sandbox/', 'runner/prepare/', 'store/replace-file.ts'],
    ],
  ],
  ['holderGid', ['tasks/schema.ts']],
  ['passedGid', ['changes/schema.ts']],
  ['ownerGid', ['triggers/', 'gateway/triggers/actions/spawn.ts']],
  ['runnerGid', ['runs/schema.ts', 'gateway/runs/']],
  ['spawnerGid', ['runs/schema.ts', 'gateway/runs/']],
]);

const isExempt = (path: string, name: string): boolean =>
  wire.get(name)?.some((edge) => path.startsWith(edge)) === true;

/** The words of a name in lower case, each with its singular: `RunDoors` is `run doors door`. */
const wordsOf = (name: string): string[] =>
  name
    .split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase())
    .flatMap((word) => [...new Set([word, word.replace(/ies$/, 'y').replace(/s$/, '')])]);

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

describe('the words of the house', () => {
  it('stand in the names of src', () => {
    expect(paths.length).toBeGreaterThan(300);
    const wrong = paths
      .flatMap((path) => [...namesOf(join(src, path))].map((name) => ({ path, name })))
      .filter(({ path, name }) => !isExempt(path, name));
    expect(wrong.flatMap(({ path, name }) => complaint(path, name))).toEqual([]);
  });

  it('stand in the names of its files and folders', () => {
    expect(paths.flatMap((path) => complaint('src', path))).toEqual([]);
  });

  it('leaves no exemption that nothing needs', () => {
    const unused = [...wire].flatMap(([name, files]) =>
      files
        .filter((edge) => !paths.some((path) => path.startsWith(edge) && namesOf(join(src, path)).has(name)))
        .map((edge) => `${edge}: ${name}`),
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
    ['holderGid', ['gid']],
    ['gids', ['gid']],
    ['dops', ['dops']],
    ['stops', []],
    ['line', []],
    ['step', []],
    ['replaced', []],
    ['cleanUp', []],
  ])('are told apart in %s', (name, found) => {
    expect(bannedIn(name)).toEqual(found);
  });
});
