import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDecisionFile, numberOfFile } from '../../../src/memory/madr/folder.ts';
import { parseMadr } from '../../../src/memory/madr/parse.ts';
import { fileOf, type PrintedDecision, printMadr } from '../../../src/memory/madr/print.ts';
import { runs } from '../../support/seed.ts';

const templates = resolve(import.meta.dirname, '../../../node_modules/madr/template');
const decided: PrintedDecision = {
  id: 'dec_01k9aaaaaaaaaaaaaaaaaaaaaa',
  number: 7,
  question: 'Which database?',
  decision:
    'Chosen option: "PostgreSQL", because it has row locks.\n\n### Consequences\n\n* Good, because it is one.',
  rationale: 'Two writers at once.',
  rejected: [{ option: 'SQLite', reason: 'one writer' }],
  confidence: 0.9,
  madeBy: 'human:ada',
  affects: ['src/store/**', 'docs/*.md'],
  at: '2030-01-31T12:00:00Z',
  file: null,
  source: null,
};
const parsed = (text: string) => {
  const found = parseMadr(text);
  if ('faults' in found) throw new Error(JSON.stringify(found.faults));
  return found.decision;
};
const faultsOf = (text: string) => {
  const found = parseMadr(text);
  return 'faults' in found ? found.faults.map(({ line, found: what }) => `${line}: ${what}`) : [];
};

describe('a decision as a file', () => {
  it('reads as it was written, and is written as it was read', () => {
    const text = printMadr(decided, null);
    expect(parsed(text)).toEqual({
      id: decided.id,
      question: decided.question,
      decision: decided.decision.replace('### Consequences', '\\### Consequences'),
      rationale: decided.rationale,
      rejected: decided.rejected,
      confidence: 0.9,
      affects: decided.affects,
      supersededBy: null,
    });
    expect(fileOf(decided)).toBe('docs/decisions/0007-which-database.md');
    expect(fileOf({ ...decided, question: '数据库？' })).toBe('docs/decisions/0007-decision.md');
    expect(parsed(printMadr(decided, 12)).supersededBy).toBe(12);
  });

  it('can be read whatever its texts hold: no text becomes a heading, front matter or a comment', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 60 });
    const evil = fc.constantFrom(
      '# Other',
      '---\nstatus: x\n---',
      '```\n## Decision Outcome',
      '<!--',
      '-->',
      '~~~',
      '* Bad, because x',
    );
    const words = fc.oneof(
      text,
      evil,
      fc.tuple(text, evil).map((both) => both.join('\n')),
    );
    fc.assert(
      fc.property(words, words, words, words, (question, decision, rationale, option) => {
        const given = {
          ...decided,
          question: `Q ${question}`,
          decision: `D ${decision}`,
          rationale,
          rejected: [{ option: `O ${option}`, reason: decision }],
        };
        const read = parsed(printMadr(given, null));
        expect(read.id).toBe(decided.id);
        expect(read.affects).toEqual(decided.affects);
        expect(read.decision.startsWith('D')).toBe(true);
        expect(read.rejected).toHaveLength(1);
      }),
      runs(500),
    );
  });

  it('keeps a file of others byte for byte, but for a status that was added since', () => {
    for (const name of readdirSync(templates).filter((one) => one.endsWith('.md') && one !== 'README.md')) {
      const source = readFileSync(resolve(templates, name), 'utf8');
      const kept = { ...decided, file: `docs/decisions/0001-${name}`, source };
      expect(printMadr(kept, null), name).toBe(source);
      const superseded = printMadr(kept, 3);
      expect(superseded, name).toContain('superseded by ADR-0003');
      expect(printMadr({ ...kept, source: superseded }, 3), name).toBe(superseded);
      const without = (text: string) => text.split('\n').filter((line) => !/^(?:status:.*|---|)$/.test(line));
      expect(without(superseded), name).toEqual(without(source));
    }
  });

  it('is read from the templates of MADR', () => {
    const template = parsed(
      readFileSync(resolve(templates, 'adr-template.md'), 'utf8').replace(/^---[\s\S]*?\n---\n/, ''),
    );
    expect(template.question).toContain('short title');
    expect(template.decision).toContain('Chosen option');
    expect(template.rejected.length).toBeGreaterThan(1);
    expect(faultsOf(readFileSync(resolve(templates, 'adr-template-bare.md'), 'utf8'))).not.toEqual([]);
  });

  it.each([
    ['no title', 'text\n\n## Decision\n\nYes', ['1: no title']],
    ['no decision', '# Title\n\n## Context\n\nx', ['5: no section of the decision']],
    [
      'an empty decision',
      '# Title\n\n## Decision\n\n<!-- nothing -->\n\n## Status\n\nx',
      ['3: an empty decision'],
    ],
    [
      'front matter without an end',
      '---\nstatus: x\n# Title\n## Decision\nYes',
      ['1: front matter without an end'],
    ],
    [
      'front matter that is no YAML',
      '---\nstatus: [\nx: 1\n---\n# T\n## Decision\nYes',
      ['3: front matter that is no YAML'],
    ],
    [
      'a member twice',
      '---\nstatus: a\nstatus: b\n---\n# T\n## Decision\nYes',
      ['3: front matter that is no YAML'],
    ],
    [
      'a confidence beyond 1',
      '---\nstatus: a\nconfidence: 2\n---\n# T\n## Decision\nYes',
      ['3: confidence 2'],
    ],
    [
      'a glob that is none',
      '---\naffects: ["/src", 4]\n---\n# T\n## Decision\nYes',
      ['2: a glob that starts', '2: a glob that is no text'],
    ],
    [
      'a heading inside of code alone',
      '```\n# Title\n## Decision\nYes\n```',
      ['1: no title', '5: no section of the decision'],
    ],
    ['too much', 'x'.repeat(100_001), ['1: 100001 characters']],
  ])('with %s is refused with its line', (_what, text, wanted) => {
    const found = faultsOf(text);
    expect(found).toHaveLength(wanted.length);
    for (const [place, one] of wanted.entries()) expect(found[place]).toContain(one);
  });

  it('ends for any text, and for the bombs of YAML', () => {
    const bomb = `---\na: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n---\n# T\n## Decision\nYes`;
    expect(faultsOf(bomb)).toEqual([expect.stringContaining('an alias')]);
    expect(faultsOf(`---\na: ${'['.repeat(20_000)}\n---\n# T\n## Decision\nYes`).length).toBeGreaterThan(0);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        parseMadr(text);
        parseMadr(`---\n${text}\n---\n# T\n## Decision\nYes`);
      }),
      runs(300),
    );
  });

  it('stands in one folder, under a name that begins with a number', () => {
    for (const path of ['docs/decisions/0001-a.md', 'docs/decisions/12-b c.md'])
      expect(isDecisionFile(path)).toBe(true);
    for (const path of [
      'docs/decisions/a.md',
      'docs/decisions/1-../x/y.md',
      'x/docs/decisions/1-a.md',
      'docs/decisions/1-a.txt',
    ])
      expect(isDecisionFile(path)).toBe(false);
    expect(numberOfFile('docs/decisions/0012-x.md')).toBe(12);
  });
});
