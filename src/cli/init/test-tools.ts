import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestTool, testGlobs } from '../../policies/test-globs.ts';

/** The test tools that a repository shows, and the globs of their tests. */
export interface FoundTests {
  readonly tools: readonly TestTool[];
  readonly globs: readonly string[];
}

interface Sign {
  readonly file: string;
  readonly words: RegExp;
  readonly tool: TestTool;
}

/** Words of manifests at the top of a repository that tell of a tool. */
const signs: readonly Sign[] = [
  { file: 'package.json', words: /"vitest"|\bvitest\b/, tool: 'vitest' },
  { file: 'package.json', words: /"jest"|\bjest\b/, tool: 'jest' },
  { file: 'package.json', words: /"mocha"|\bmocha\b/, tool: 'mocha' },
  { file: 'package.json', words: /"ava"/, tool: 'ava' },
  { file: 'package.json', words: /\bnode\b[^"]*--test\b/, tool: 'node' },
  { file: 'package.json', words: /"@playwright\/test"/, tool: 'playwright' },
  ...['pyproject.toml', 'setup.cfg', 'tox.ini', 'pytest.ini', 'requirements.txt'].map((file) => ({
    file,
    words: /\bpytest\b/,
    tool: 'pytest' as const,
  })),
  { file: 'go.mod', words: /^module\s/m, tool: 'go' },
  { file: 'Cargo.toml', words: /^\[(package|workspace)\b/m, tool: 'cargo' },
  { file: 'pom.xml', words: /<project/, tool: 'maven' },
  ...['build.gradle', 'build.gradle.kts'].map((file) => ({ file, words: /\S/, tool: 'maven' as const })),
];

/** Finds test tools by the manifests at the top of a repository; none when nothing there tells of one. */
export async function findTests(root: string): Promise<FoundTests> {
  const files = [...new Set(signs.map(({ file }) => file))];
  const texts = new Map(
    await Promise.all(
      files.map(async (file) => [file, await readFile(join(root, file), 'utf8').catch(() => '')] as const),
    ),
  );
  const tools = [
    ...new Set(signs.filter(({ file, words }) => words.test(texts.get(file) ?? '')).map(({ tool }) => tool)),
  ];
  return { tools, globs: [...new Set(tools.flatMap((tool) => [...testGlobs[tool]]))] };
}
