import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const src = join(root, 'src');

/** Rooms from the bottom up; rooms of one level are strangers. */
const levels = [
  ['lib'],
  ['tiers', 'schedule'],
  ['policies', 'process'],
  ['store', 'git', 'analysis', 'sandbox'],
  ['plan', 'messages'],
  ['tasks', 'runner', 'triggers'],
  ['stops', 'runs', 'audits', 'memory'],
  ['changes'],
  ['gateway'],
  ['client.ts'],
  ['cli'],
];
/** The floors inside of the gateway, from the bottom up. */
const gatewayFloors = [
  ['auth', 'log-mark', 'repositories', 'metrics.ts', 'log-once.ts'],
  ['proof', 'admission'],
  ['services.ts'],
  ['events', 'memory', 'messages', 'projects', 'pushes', 'runs', 'stops', 'tasks', 'tokens'],
  ['audits', 'changes', 'plan', 'triggers'],
  ['page'],
  ['workers'],
  ['router.ts'],
  ['http'],
];
const ranked = (floors: readonly (readonly string[])[]): Map<string, number> =>
  new Map(floors.flatMap((names, level) => names.map((name): [string, number] => [name, level])));
const levelOf = ranked(levels);
const floorOf = ranked(gatewayFloors);
const pure = new Set(['lib', 'tiers', 'policies', 'schedule']);
const composition = new Set(['app.ts', 'config.ts', 'index.ts']);

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join(src, name));

const importPattern = /^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gms;
const dynamicPattern = /\bimport\(\s*'([^']+)'/g;

interface Imported {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

function staticImportsOf(file: string): Imported[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(importPattern)].map(([whole, type, specifier = '']) => ({
    specifier,
    typeOnly:
      type !== undefined ||
      /^(?:import|export)\s*\{\s*(?:type\s+\w+(?:\s+as\s+\w+)?\s*,?\s*)+\}/s.test(whole),
  }));
}

function importsOf(file: string): Imported[] {
  const text = readFileSync(file, 'utf8');
  const dynamic = [...text.matchAll(dynamicPattern)].map(([, specifier = '']) => ({
    specifier,
    typeOnly: false,
  }));
  return [...staticImportsOf(file), ...dynamic];
}

const local: Import[] = files.flatMap((file) =>
  importsOf(file)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier, typeOnly }) => ({
      from: relative(src, file),
      to: relative(src, resolve(dirname(file), specifier)),
      typeOnly,
    })),
);

/** The room of a file: its first folder, or the file itself when it stands above all folders. */
const roomOf = (path: string): string => path.split('/')[0] ?? '';
const folderOf = (path: string): string => (path.includes('/') ? roomOf(path) : '');

describe('the architecture', () => {
  it('sees the imports that it judges', () => {
    expect(local.length).toBeGreaterThan(300);
  });

  it('knows every room of src, and of the gateway', () => {
    const rooms = new Set(files.map((file) => roomOf(relative(src, file))));
    expect([...rooms].filter((name) => !levelOf.has(name) && !composition.has(name))).toEqual([]);
    const floors = files
      .map((file) => relative(join(src, 'gateway'), file))
      .filter((path) => !path.startsWith('..'));
    expect([...new Set(floors.map(roomOf))].filter((name) => !floorOf.has(name))).toEqual([]);
  });

  it('imports downwards only, and never between rooms of one level', () => {
    const wrong = local.filter(({ from, to }) => {
      const [one, other] = [roomOf(from), roomOf(to)];
      if (one === other || composition.has(one)) return false;
      if (composition.has(other)) return one !== 'cli';
      return (levelOf.get(one) ?? -1) <= (levelOf.get(other) ?? 99);
    });
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  it('imports downwards only inside of the gateway', () => {
    const inside = (path: string): string | undefined => /^gateway\/([^/]+)/.exec(path)?.[1];
    const wrong = local.filter(({ from, to }) => {
      const [one, other] = [inside(from), inside(to)];
      if (one === undefined || other === undefined || one === other) return false;
      return (floorOf.get(one) ?? -1) <= (floorOf.get(other) ?? 99);
    });
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  it('has a composition root that only the command line imports', () => {
    const wrong = local.filter(
      ({ from, to }) => composition.has(to) && folderOf(from) !== 'cli' && folderOf(from) !== '',
    );
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  it('keeps lib, tiers, schedule and policies free of input and output, clock, randomness and environment', () => {
    const forbidden =
      /\bprocess\.|\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bsetTimeout\b|\bfetch\(|\bperformance\./;
    const wrong = files
      .filter((file) => pure.has(folderOf(relative(src, file))))
      .filter((file) => forbidden.test(withoutComments(readFileSync(file, 'utf8'))));
    expect(wrong.map((file) => relative(src, file)).filter((name) => !allowedMentions.has(name))).toEqual([]);
  });

  it('lets nothing of the platform into lib, tiers and policies', () => {
    const wrong = files
      .filter(
        (file) => folderOf(relative(src, file)) !== 'schedule' && pure.has(folderOf(relative(src, file))),
      )
      .filter((file) => importsOf(file).some(({ specifier }) => specifier.startsWith('node:')));
    expect(wrong.map((file) => relative(src, file))).toEqual([]);
  });

  it('has no cycle of imports, those of types included', () => {
    const graph = new Map<string, string[]>();
    for (const { from, to } of local) graph.set(from, [...(graph.get(from) ?? []), to]);
    expect(cycleIn(graph)).toBeUndefined();
  });

  it('loads neither a database nor a parser for a command that needs none', () => {
    const heavy = /^(?:drizzle-orm|pg|@electric-sql|ts-morph|croner|node-cron|@modelcontextprotocol)/;
    const found: string[] = [];
    const seen = new Set<string>();
    const visit = (file: string, way: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const { specifier, typeOnly } of staticImportsOf(join(src, file))) {
        if (typeOnly) continue;
        if (specifier.startsWith('.'))
          visit(relative(src, resolve(dirname(join(src, file)), specifier)), `${way} > ${file}`);
        else if (heavy.test(specifier)) found.push(`${way} > ${file} > ${specifier}`);
      }
    };
    visit('cli/program.ts', '');
    expect(seen.size).toBeGreaterThan(50);
    expect(found).toEqual([]);
  });

  it('keeps files within 300 lines of code', () => {
    const long = files.filter((file) => readFileSync(file, 'utf8').split('\n').length > 300);
    expect(long.map((file) => relative(src, file))).toEqual([]);
  });

  it('exports nothing that only its own file uses', () => {
    const others = ['test', 'scripts', 'web'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(?:tsx?|mjs)$/.test(name))
        .map((name) => join(root, folder, name)),
    );
    const importers = new Map<string, string[]>();
    for (const file of [...files, ...others])
      for (const target of targetsOf(file))
        importers.set(target, [...(importers.get(target) ?? []), readFileSync(file, 'utf8')]);
    const lonely = files.filter(isForOwnUse).flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(exportPattern)]
        .map(([, name = '']) => name)
        .filter((name) => !(importers.get(file) ?? []).some((text) => RegExp(`\\b${name}\\b`).test(text)))
        .map((name) => `${relative(src, file)}: ${name}`),
    );
    expect(lonely).toEqual([]);
  });

  it('gives each type a name of its own: one name, one meaning', () => {
    const names = files.flatMap((file) =>
      [
        ...readFileSync(file, 'utf8').matchAll(/^(?:export )?(?:abstract )?(?:interface|type|class) (\w+)/gm),
      ].map(([, name = '']) => name),
    );
    expect(names.length).toBeGreaterThan(300);
    expect(names.filter((name, place) => names.indexOf(name) !== place)).toEqual([]);
  });

  it('gives each statement a name of its own, since a connection prepares it once by that', () => {
    const names = files.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/\bstatement\(\s*'([^']+)'/g)].map(([, name]) => name ?? ''),
    );
    expect(names.length).toBeGreaterThan(100);
    expect(names.filter((name, place) => names.indexOf(name) !== place)).toEqual([]);
  });

  it('answers in ARCHITECTURE.md where the rules are: each file is there, and the rule in it', () => {
    const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
    for (const [question, { noun, rule }] of Object.entries(places)) {
      const [, path = ''] = RegExp(`^\\| ${question} \\| \`([^\`]+)\` \\|$`, 'm').exec(text) ?? [];
      expect(path, question).toMatch(RegExp(`[/-]${noun}s?[.-][^/]*ts$|[/-]${noun}s?\\.ts$`));
      expect(readFileSync(join(root, path), 'utf8'), question).toMatch(rule);
    }
  });

  it('names no file in its documents that is gone', () => {
    const named = ['ARCHITECTURE.md', 'SECURITY.md', 'README.md', 'CONTRIBUTING.md'].flatMap((name) => [
      ...readFileSync(join(root, name), 'utf8').matchAll(/`((?:src|test)\/[\w./-]+)`/g),
    ]);
    const gone = named.map(([, path = '']) => path).filter((path) => !existsSync(join(root, path)));
    expect(named.length).toBeGreaterThan(50);
    expect(gone).toEqual([]);
  });
});

/** The questions of a stranger: the noun that the file's name holds, and what stands in the file. */
const places: Readonly<Record<string, { noun: string; rule: RegExp }>> = {
  'the rule of a claim': { noun: 'claim', rule: /\bclaimReasons\b/ },
  'the reasons of a refused push': { noun: 'push', rule: /export .*\bjudgePush\b/ },
  'what ends a run': { noun: 'run', rule: /export async function endRun\b/ },
  'where a verdict is given': { noun: 'verdict', rule: /action: 'verdict:/ },
  'what fires a trigger': { noun: 'trigger', rule: /export const fireDefinition\b/ },
  'where a landing moves main': { noun: 'landing', rule: /\.moveMain\(/ },
  'how a token is verified': { noun: 'token', rule: /authenticate/ },
  'what a stop holds': { noun: 'stop', rule: /export function holds\b/ },
};

/** True except for exports of the package, tables of the database, and files that hold the text of others. */
const isForOwnUse = (file: string): boolean =>
  !/^(?:index\.ts|cli\/sample\/.*work\.ts)$|(?:^|\/)schema\.ts$/.test(relative(src, file));

const exportPattern =
  /^export (?:declare )?(?:async )?(?:const|let|function\*?|class|abstract class) (\w+)/gm;

/** The files of `src` that a file imports in any way. */
const targetsOf = (file: string): Set<string> =>
  new Set(
    [...readFileSync(file, 'utf8').matchAll(/(?:from|import\(|import)\s*'(\.[^']+)'/g)].map(([, to = '']) =>
      resolve(dirname(file), to),
    ),
  );

/** Files that name such a construct as data, which source text may not contain. */
const allowedMentions = new Set(['policies/measure/opaque.ts']);

const withoutComments = (text: string): string =>
  text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''");

function cycleIn(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): string[] | undefined => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return undefined;
    path.push(node);
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next);
      if (cycle !== undefined) return cycle;
    }
    path.pop();
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const cycle = visit(node);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
