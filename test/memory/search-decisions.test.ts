import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { putDecision } from '../../src/memory/decisions.ts';
import { parseMadr } from '../../src/memory/madr/parse.ts';
import { sectionsIn } from '../../src/memory/madr/sections.ts';
import { searchDecisions } from '../../src/memory/search-decisions.ts';
import { newId } from '../../src/process/new-id.ts';
import { type Store, statement } from '../../src/store/store.ts';
import { engines, openTestStore } from '../support/engines.ts';
import { publicFolders } from '../support/public-decisions.ts';

/** A decision of a public repository without the sentence in which its author asks the question, and that sentence. */
interface Labelled {
  readonly file: string;
  readonly question: string;
  readonly text: string;
}

const headings = /^(?:context|problem|problem statement|context and problem statement)$/i;
const wordsIn = (sentence: string): number => sentence.split(/\s+/).length;
const sentencesIn = (text: string): string[] =>
  text.split(/(?<=[.?!:])\s+|\n\s*\n|\n(?=[*#-])/).map((one) => one.trim());

/** The question of a file in its author's words, taken out of the file: the questions of its context, or its first two sentences. */
function labelled(file: string, text: string): Labelled | undefined {
  const context = sectionsIn(text, 1).find(({ heading }) => headings.test(heading));
  const sentences = sentencesIn(context?.body ?? '').filter(
    (one) => wordsIn(one) >= 5 && !/^[<>[!*]/.test(one),
  );
  const questions = sentences.filter((one) => one.endsWith('?'));
  const said = (questions.length > 0 ? questions : sentences).slice(0, 2);
  if (said.length === 0) return undefined;
  return { file, question: said.join('\n'), text: said.reduce((rest, one) => rest.replace(one, ''), text) };
}

const all = publicFolders().flatMap(({ repository, files }) =>
  Object.entries(files).flatMap(([name, text]) => labelled(`${repository}/${name}`, text) ?? []),
);

describe.each(engines)('the search of decisions, on %s', (engine) => {
  let store: Store;
  const fileOf = new Map<string, Labelled>();
  beforeAll(async () => {
    store = await openTestStore(engine);
    await store.rows(statement('', `insert into projects (name, repository) values ('shop', '/none')`));
    for (const one of all) {
      const parsed = parseMadr(one.text);
      if ('faults' in parsed) continue;
      const id = newId('decision');
      const draft = { ...parsed.decision, id, project: 'shop', madeBy: 'human:ada', supersedes: null };
      await store.transaction((tx) => putDecision(tx, draft));
      fileOf.set(id, one);
    }
  });
  afterAll(() => store.close());

  it('finds for 200 questions of public decisions the one that answers it: first in 65 of 100, among five in 85, among ten in 90', async () => {
    const asked = [...fileOf.values()];
    expect(asked.length).toBeGreaterThanOrEqual(200);
    const places: number[] = [];
    const missed: string[] = [];
    for (const { question, file } of asked) {
      const found = await searchDecisions(store, 'shop', {
        query: question.slice(0, 1_000),
        all: true,
        limit: 10,
      });
      // Repositories that use one template ask some questions in the same words: either answer is right.
      const place = found.findIndex(
        ({ id }) => fileOf.get(id)?.question === question || fileOf.get(id)?.file === file,
      );
      places.push(place === -1 ? Number.POSITIVE_INFINITY : place + 1);
      if (place !== 0) missed.push(`${place + 1} ${file}: ${question.replaceAll('\n', ' ')}`);
    }
    const share = (most: number): number => places.filter((place) => place <= most).length / places.length;
    console.log(
      `${asked.length} questions: first ${share(1).toFixed(3)}, in five ${share(5).toFixed(3)}, in ten ${share(10).toFixed(3)}`,
    );
    expect(share(1), missed.join('\n')).toBeGreaterThanOrEqual(0.65);
    expect(share(5), missed.join('\n')).toBeGreaterThanOrEqual(0.85);
    expect(share(10), missed.join('\n')).toBeGreaterThanOrEqual(0.9);
  });
});
