import { describe, expect, it } from 'vitest';
import { exitCodes } from '../../src/lib/code-row.ts';
import { eventTypes } from '../../src/store/log/events.ts';
import { roleNames } from '../../src/tiers/roles.ts';
import { cli } from '../support/cli.ts';
import { docsPages, proseOf, textOf } from '../support/markdown.ts';

const pages = ['README.md', 'CONTRIBUTING.md', ...docsPages];

/** The first paragraph of a page, code taken out: dots in it end no sentence. */
const openingOf = (page: string): string =>
  (textOf(page).split('\n\n')[1] ?? '').replaceAll(/`[^`]*`/g, 'code').replaceAll('\n', ' ');

describe('the words of the pages', () => {
  it.each(docsPages)('%s opens with its noun, and when a reader needs the page', (page) => {
    const sentences = openingOf(page).split(/(?<=\.) /);
    expect(sentences).toHaveLength(2);
    expect(sentences[1]).toMatch(/^You need this page when .+\.$/);
  });

  it.each(pages)('%s begins no sentence and no heading with a question word', (page) => {
    const begins = /(?:^|[.!?:|] +|^[-#*\d.]+ +|\*\*)(?:What|Why|Whether|Who|Where|How)\b.*/gm;
    expect(proseOf(textOf(page)).match(begins) ?? []).toEqual([]);
  });

  it.each(pages)('%s stays in the present', (page) => {
    expect(
      proseOf(textOf(page)).match(/.*\b(?:now|no longer|anymore|any more|not yet supported)\b.*/gi) ?? [],
    ).toEqual([]);
  });
});

/** Words that a page does not name as code. */
const missingOn = (page: string, words: readonly string[]): string[] => {
  const text = textOf(page);
  return words.filter((word) => !text.includes(`\`${word}\``));
};

describe('the pages beside the code', () => {
  it('name every type of event', () => {
    expect(missingOn('docs/log.md', eventTypes)).toEqual([]);
  });

  it('name every role', () => {
    expect(missingOn('docs/tokens.md', roleNames)).toEqual([]);
  });

  it('name every exit status', () => {
    const text = textOf('docs/tools.md');
    expect(Object.values(exitCodes).filter((code) => !text.includes(`| ${code} | `))).toEqual([]);
  });

  it('show every command', async () => {
    const { stdout } = await cli(['completion', 'bash']);
    const commands = /^ *'init'\|.*\)/m.exec(stdout)?.[0].match(/(?<=')[a-z -]+(?=')/g) ?? [];
    expect(commands.length).toBeGreaterThan(80);
    const text = docsPages.map(textOf).join('\n');
    expect(commands.filter((name) => !new RegExp(`\\bandon ${name}(?![\\w-])`).test(text))).toEqual([]);
  });
});
