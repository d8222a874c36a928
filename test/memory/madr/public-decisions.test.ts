import { describe, expect, it } from 'vitest';
import { parseMadr } from '../../../src/memory/madr/parse.ts';
import { type PrintedDecision, printMadr } from '../../../src/memory/madr/print.ts';
import { publicFolders } from '../../support/public-decisions.ts';

const folders = publicFolders();

describe('the decisions of public repositories', () => {
  it('are those of ten folders and more, each with its licence', () => {
    expect(folders.length).toBeGreaterThanOrEqual(10);
    for (const { repository, commit, licence, notice } of folders) {
      expect(commit, repository).toMatch(/^[0-9a-f]{40}$/);
      expect(licence, repository).toMatch(/MIT|Apache|BSD/);
      expect(notice.length, repository).toBeGreaterThan(500);
    }
  });

  it.each(folders.map((one) => [one.repository, one] as const))(
    'of %s are read, and written back byte for byte',
    (_name, one) => {
      const unread: string[] = [];
      for (const [name, source] of Object.entries(one.files)) {
        const parsed = parseMadr(source);
        if ('faults' in parsed) {
          unread.push(`${name}:${parsed.faults.map(({ line, found }) => `${line}: ${found}`).join('; ')}`);
          continue;
        }
        const { decision } = parsed;
        const kept: PrintedDecision = {
          ...decision,
          ...{
            id: 'dec_01k9aaaaaaaaaaaaaaaaaaaaaa',
            number: 1,
            madeBy: 'human:ada',
            at: '2030-01-31T12:00:00Z',
          },
          ...{ file: `docs/decisions/${name}`, source },
        };
        expect(printMadr(kept, null), name).toBe(source);
        // Without its file the decision is written in Andon's form, and says the same.
        const again = parseMadr(printMadr({ ...kept, file: null, source: null }, null));
        if ('faults' in again) throw new Error(`${name}: ${JSON.stringify(again.faults)}`);
        const { question, affects, confidence } = decision;
        expect(again.decision, name).toMatchObject({ question, affects, confidence });
        expect(
          again.decision.rejected.map(({ option }) => option),
          name,
        ).toEqual(decision.rejected.map(({ option }) => option));
      }
      // A proposal without a decision is refused with its line, and lands nowhere.
      expect(unread.length, unread.join('\n')).toBeLessThanOrEqual(
        Math.ceil(Object.keys(one.files).length / 4),
      );
    },
  );
});
