import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unitsIn } from '../support/languages.ts';

// lizard is in no registry that the tests reach: ANDON_LIZARD names a folder with its source, and ANDON_SOURCES one
// with a folder of sources for each language (python, go, rust, java, c).
const { ANDON_LIZARD: lizard, ANDON_SOURCES: sources } = process.env;
const isThere = lizard !== undefined && sources !== undefined && existsSync(join(lizard, 'lizard.py'));
if (!isThere) console.warn('SKIPPED: no lizard; ANDON_LIZARD and ANDON_SOURCES name its source and a corpus');

// The floors are below what lizard's own faults leave: type switches of Go, closures without parameters of Rust.
const languages = [
  { language: 'python', ending: /\.py$/, floor: 0.98 },
  { language: 'go', ending: /\.go$/, floor: 0.95 },
  { language: 'rust', ending: /\.rs$/, floor: 0.9 },
  { language: 'java', ending: /\.java$/, floor: 0.99 },
  { language: 'c', ending: /\.(?:c|h|cc|cpp|hpp)$/, floor: 0.99 },
] as const;

const script = `
import sys, json
sys.path.insert(0, sys.argv[1]); sys.setrecursionlimit(20000)
import lizard
analyse = lizard.FileAnalyzer(lizard.get_extensions([]))
for line in sys.stdin:
    path = line.rstrip('\\n')
    text = open(path, encoding='utf-8', errors='replace', newline='').read().replace('\\r\\n', '\\n')
    found = analyse.analyze_source_code(path, text).function_list
    print(json.dumps([[one.start_line, one.end_line, one.cyclomatic_complexity] for one in found]))
`;

const filesOf = (folder: string, ending: RegExp): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && ending.test(one.name))
    .map((one) => join(one.parentPath, one.name))
    .sort();

describe.skipIf(!isThere)('measures beside lizard', () => {
  it.each(languages)(
    'agree on the functions of $language that both find',
    async ({ language, ending, floor }) => {
      const files = filesOf(join(sources ?? '', language), ending);
      const output = execFileSync('python3', ['-c', script, lizard ?? ''], {
        input: files.map((file) => `${file}\n`).join(''),
        maxBuffer: 512 * 1024 * 1024,
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      const theirs = output.toString().trim().split('\n');
      const count = { files: files.length, refused: 0, ours: 0, both: 0, equal: 0 };
      for (const [at, file] of files.entries()) {
        const text = readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
        const units = await unitsIn(language, text).catch(() => undefined);
        if (units === undefined) count.refused += 1;
        const known = new Map(
          (JSON.parse(theirs[at] ?? '[]') as [number, number, number][]).map(([start, end, complexity]) => [
            start,
            `${end} ${complexity}`,
          ]),
        );
        for (const { kind, startLine, endLine, complexity } of units ?? []) {
          if (kind === 'module') continue;
          count.ours += 1;
          if (!known.has(startLine)) continue;
          count.both += 1;
          if (known.get(startLine) === `${endLine} ${complexity}`) count.equal += 1;
        }
      }
      console.log(`${language}:`, JSON.stringify(count));
      expect(count.refused).toBeLessThanOrEqual(count.files / 100);
      expect(count.equal / count.both).toBeGreaterThan(floor);
    },
    1_800_000,
  );
});
