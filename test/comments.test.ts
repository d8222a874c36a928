import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commentsOf, documentedExports, parsed, questionsIn, questionsInProse } from './support/comments.ts';

const root = resolve(import.meta.dirname, '..');

const filesIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:ts|mts|mjs)$/.test(name))
    .map((name) => join(root, folder, name));

const sourceOf = (path: string) => parsed(path, readFileSync(path, 'utf8'));

/** Least share of exported functions, classes, interfaces and types of src with a comment. */
const documentedMin = 0.85;

describe('comments', () => {
  it.each(['src', 'test', 'scripts'])(
    'open with their subject in %s, and never with a question',
    (folder) => {
      const files = filesIn(folder);
      const found = files.flatMap((path) =>
        commentsOf(sourceOf(path))
          .filter(({ text }) => questionsIn(text).length > 0)
          .map(({ text, line }) => `${relative(root, path)}:${line} ${text.slice(0, 80)}`),
      );
      expect(files.length).toBeGreaterThan(2);
      expect(found).toEqual([]);
    },
  );

  it('stand above nearly every exported function, class, interface and type of src', () => {
    const exported = filesIn('src')
      .filter((path) => !relative(root, path).startsWith('src/cli/sample/'))
      .flatMap((path) =>
        [...documentedExports(sourceOf(path))].map(([name, isDocumented]) => ({
          at: `${relative(root, path)} ${name}`,
          isDocumented,
        })),
      );
    const missing = exported.filter(({ isDocumented }) => !isDocumented).map(({ at }) => at);
    expect(exported.length).toBeGreaterThan(1_000);
    expect(1 - missing.length / exported.length, missing.join('\n')).toBeGreaterThanOrEqual(documentedMin);
  });
});

/** Pages of the repository for people; a page that does not exist is passed over. */
const pages = [
  'README.md',
  'SECURITY.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].filter((page) => existsSync(join(root, page)));

describe('prose', () => {
  it.each(pages)('opens no heading, paragraph or list item of %s with a question', (page) => {
    const found = questionsInProse(readFileSync(join(root, page), 'utf8'));
    expect(found.map(({ text, line }) => `${page}:${line} ${text.slice(0, 80)}`)).toEqual([]);
  });
});

describe('the reader of comments', () => {
  it('finds a question at the beginning of a comment, of a line and of a sentence', () => {
    const text = [
      '/** What it does. */',
      'export const a = 1; // Why it does that',
      '// A first line,',
      '// Where it lies.',
      '/* It does. Whether it does is open. */',
      'const b = `// What is no comment`;',
      'const c = () => {',
      '  // Somewhere else, what matters.',
      '};',
    ].join('\n');
    const found = commentsOf(parsed('a.ts', text)).filter((one) => questionsIn(one.text).length > 0);
    expect(found.map(({ line }) => line)).toEqual([1, 2, 3, 5]);
  });

  it('tells documented exports from others', () => {
    const text = [
      '/** One. */',
      'export function one(): void {}',
      'export const two = (): void => {};',
      '// Three.',
      'export interface Three {}',
      '/** Four. */',
      'export type Four = 4;',
      'export const five = 5;',
      'function six(): void {}',
    ].join('\n');
    expect([...documentedExports(parsed('a.ts', text))]).toEqual([
      ['one', true],
      ['two', false],
      ['Three', false],
      ['Four', true],
    ]);
  });

  it('finds a question at the beginning of a heading, a paragraph and a list item', () => {
    const text = [
      '## What it does',
      'Why it does.',
      'How is in the middle of a paragraph.',
      '',
      '- **Where** it lies',
      '  How goes on.',
      '1. Who does',
      '```',
      '',
      'What is code',
      '```',
      'Whether it does.',
    ].join('\n');
    expect(questionsInProse(text).map(({ line }) => line)).toEqual([1, 2, 5, 7, 12]);
  });
});
