import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPglite } from '../../../src/store/pglite/pglite.ts';
import { type Store, statement } from '../../../src/store/store.ts';
import { runs } from '../../support/seed.ts';

const row =
  'select $1::text as t, $2::int8 as n, $3::text[] as list, $4::jsonb as j, $5::timestamptz as at, $6::boolean as b, $7::bytea as bytes';

let store: Store;
beforeAll(async () => {
  store = await openPglite();
});
afterAll(() => store.close());

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    "'; drop table x; --",
    '\\',
    "\\'",
    '$1',
    '{a,"b"}',
    'null',
    '',
    '\u0000',
    "E'\\x41'",
    '%s',
  ),
);
const values = fc.tuple(
  fc.option(text),
  fc.option(fc.maxSafeInteger()),
  fc.option(fc.array(fc.oneof(text, fc.constantFrom('NULL', ' ', ',', '"')))),
  fc
    .option(fc.dictionary(text, text))
    .map((json) => (json === null ? null : JSON.stringify(json).replaceAll('\\u0000', ''))),
  fc.option(fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })),
  fc.option(fc.boolean()),
  fc.option(fc.uint8Array().map((bytes) => Buffer.from(bytes))),
);

describe('a named statement on PGlite', () => {
  it('answers what the same statement without a name answers, whatever the values hold', async () => {
    await fc.assert(
      fc.asyncProperty(values, async (given) => {
        const [named] = await store.rows(statement('prepared.test', row), given);
        const [unnamed] = await store.rows(statement('', row), given);
        expect(named).toEqual(unnamed);
      }),
      runs(300),
    );
  });

  it('is prepared once, however many ask for it at the same moment, in transactions and outside', async () => {
    const asked = statement('prepared.atOnce', 'select $1::int as n');
    const outside = Array.from({ length: 5 }, (_, n) => store.rows<{ n: number }>(asked, [n]));
    const inside = Array.from({ length: 5 }, (_, n) =>
      store.transaction((tx) =>
        Promise.all([tx.rows<{ n: number }>(asked, [n]), tx.rows<{ n: number }>(asked, [n + 1])]),
      ),
    );
    expect((await Promise.all(outside)).map(([one]) => one?.n)).toEqual([0, 1, 2, 3, 4]);
    expect((await Promise.all(inside)).map(([[one], [other]]) => [one?.n, other?.n])).toEqual(
      Array.from({ length: 5 }, (_, n) => [n, n + 1]),
    );
  });

  it('fails no transaction when another session has prepared it without being heard of yet', async () => {
    const asked = statement('prepared.unheard', 'select $1::int as n');
    await store.rows(statement('', 'prepare "prepared.unheard" as select $1::int as n'));
    let tries = 0;
    const rows = await store.transaction((tx) => {
      tries += 1;
      return tx.rows(asked, [1]);
    });
    expect([rows, tries]).toEqual([[{ n: 1 }], 2]);
    await store.rows(statement('', 'prepare "prepared.outside" as select $1::int as n'));
    expect(await store.rows(statement('prepared.outside', 'select $1::int as n'), [2])).toEqual([{ n: 2 }]);
  });

  it('that fails to be prepared is prepared when it can be', async () => {
    const asked = statement('prepared.later', 'select n from later');
    await expect(store.rows(asked)).rejects.toThrow(/later/);
    await expect(store.transaction((tx) => tx.rows(asked))).rejects.toThrow(/later/);
    await store.rows(statement('', 'create table later (n int)'));
    await store.rows(statement('', 'insert into later values (7)'));
    expect(await store.rows(asked)).toEqual([{ n: 7 }]);
    expect(await store.transaction((tx) => tx.rows(asked))).toEqual([{ n: 7 }]);
  });

  it('says the state of its failure as the database does', async () => {
    const asked = statement('prepared.fails', 'select 1 / $1::int as n');
    expect(await store.rows(asked, [1])).toEqual([{ n: 1 }]);
    await expect(store.rows(asked, [0])).rejects.toMatchObject({ code: '22012' });
    expect(await store.rows(asked, [1])).toEqual([{ n: 1 }]);
  });
});
