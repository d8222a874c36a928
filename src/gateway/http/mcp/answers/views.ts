import { z } from 'zod';
import type { Explanation } from '../../../../tiers/explain.ts';
import { toolName } from '../tool-name.ts';
import { bounded, type TextReading } from './bounded.ts';
import { boundedDiff, type DiffAnswer } from './diff.ts';
import { type ListForm, listForms, longTexts } from './lists.ts';
import { pageOf } from './page.ts';
import { only } from './short.ts';

/** Members of a tool's input that belong to its answer's form, not to its procedure. */
export const ownMembers = z.object({
  offset: z.number().int().min(0).default(0),
  limit: z.number().int().min(1).max(1000).optional(),
  text_from: z.number().int().min(0).optional(),
});

/** The values of those members in one call. */
export type Own = z.infer<typeof ownMembers>;

type OwnName = keyof Own;

/** A call that gives none of them. */
export const noOwn: Own = { offset: 0 };

/** The form in which a tool answers: short enough for a model, with the way to the rest in words. */
export interface View {
  /** Members of the tool's input that its procedure does not know. */
  readonly adds: readonly OwnName[];
  /** Members of the procedure's input that the view sets by itself. */
  readonly hides: readonly string[];
  readonly asks: (own: Own) => Readonly<Record<string, unknown>>;
  readonly shows: (answer: unknown, own: Own, given: Readonly<Record<string, unknown>>) => unknown;
}

/** Sentences for the members that views add to the inputs of tools. */
export const ownTexts: Readonly<Record<OwnName, { readonly type: 'integer'; readonly description: string }>> =
  {
    offset: {
      type: 'integer',
      description: 'Shows what comes after so many entries; an answer names the next',
    },
    limit: { type: 'integer', description: 'At most so many entries; fewer when they are long' },
    text_from: { type: 'integer', description: 'Character at which long texts begin' },
  };

const readingOf = (path: string, { text_from: from }: Own): TextReading => ({
  from,
  tool: longTexts.has(path) ? toolName(path) : undefined,
});

/** The view of a procedure's answer. */
export function viewOf(path: string): View {
  const list = listForms[path];
  if (list !== undefined) return list.byPosition === true ? positionView(path, list) : listView(path, list);
  return special[path] ?? plainView(path);
}

const plainView = (path: string): View => ({
  adds: longTexts.has(path) ? ['text_from'] : [],
  hides: [],
  asks: () => ({}),
  shows: (answer, own) => bounded(answer, readingOf(path, own)),
});

const shownBy = ({ columns }: ListForm): ((row: unknown) => unknown) =>
  columns === undefined ? (row) => row : only(columns);

/** The rows of an answer, and the answer with a page in their place. */
function rowsOf(answer: unknown, { member }: ListForm) {
  if (member === undefined) return { all: answer as readonly unknown[], rest: {}, name: 'items' };
  const { [member]: all, ...rest } = answer as Record<string, unknown>;
  return { all: all as readonly unknown[], rest, name: member };
}

const pageRowsMax = 100;

/** Rows that a list is asked for: those before the page, the page, and one that tells if there are more. */
const rowsAsked = ({ offset, limit = pageRowsMax }: Own, rowsMax: number): number =>
  Math.min(rowsMax, offset + Math.min(limit, pageRowsMax) + 1);

/** The number of rows of a list, as far as it was read. */
const totalOf = (rows: number, own: Own, { rowsMax }: ListForm): string =>
  rowsMax !== undefined && rows === rowsAsked(own, rowsMax) ? `${rows} or more` : String(rows);

function listView(path: string, form: ListForm): View {
  const { rowsMax } = form;
  return {
    adds: longTexts.has(path) ? ['offset', 'limit', 'text_from'] : ['offset', 'limit'],
    hides: rowsMax === undefined ? [] : ['limit'],
    asks: (own) => (rowsMax === undefined ? {} : { limit: rowsAsked(own, rowsMax) }),
    shows: (answer, own) => {
      const { all, rest, name } = rowsOf(answer, form);
      const asked = { offset: own.offset, limit: own.limit ?? all.length, reading: readingOf(path, own) };
      const { rows, nextOffset } = pageOf(all, asked, shownBy(form));
      const page = { ...(bounded(rest, { from: undefined, tool: undefined }) as object), [name]: rows };
      if (nextOffset === undefined && own.offset === 0) return page;
      const total = totalOf(all.length, own, form);
      const of = `${own.offset + 1} to ${own.offset + rows.length} of ${total}`;
      const next = nextOffset === undefined ? {} : { next: nextPage(path, 'offset', nextOffset) };
      return { ...page, shown: rows.length === 0 ? `none of ${total}` : of, ...next };
    },
  };
}

const nextPage = (path: string, member: string, value: unknown): string =>
  `the next page: ${toolName(path)} with ${member} ${value}`;

/** A list of positions: the next page begins after the last one that is shown. */
function positionView(path: string, form: ListForm): View {
  return {
    adds: ['limit'],
    hides: ['limit'],
    asks: ({ limit }) => ({ limit: Math.min(limit ?? pageRowsMax, pageRowsMax) }),
    shows: (answer, own) => {
      const { all, rest, name } = rowsOf(answer, form);
      const asked = { offset: 0, limit: all.length, reading: readingOf(path, own) };
      const { rows, nextOffset } = pageOf(all, asked, shownBy(form));
      const isWhole = nextOffset === undefined && all.length < (own.limit ?? pageRowsMax);
      const last = (rows.at(-1) as { position?: number } | undefined)?.position;
      const next = isWhole || last === undefined ? {} : { next: nextPage(path, 'after', last) };
      return { ...rest, [name]: rows, ...next };
    },
  };
}

interface PlanAnswer {
  readonly plan: ({ readonly tasks?: Readonly<Record<string, unknown>> } & Record<string, unknown>) | null;
}

const special: Readonly<Record<string, View>> = {
  'change.diff': {
    adds: ['offset'],
    hides: [],
    asks: () => ({}),
    shows: (answer, { offset }, { path }) =>
      boundedDiff(answer as DiffAnswer, { path: typeof path === 'string' ? path : undefined, offset }),
  },
  // A plan is a list of tasks behind a few rules, which the first page shows.
  'plan.show': {
    adds: ['offset', 'limit'],
    hides: [],
    asks: () => ({}),
    shows: (answer, own) => {
      const { plan, ...head } = answer as PlanAnswer;
      if (plan === null) return answer;
      const { tasks = {}, ...rules } = plan;
      const rows = Object.entries(tasks).map(([task, spec]) => ({ task, ...(spec as object) }));
      const page = listView('plan.show', {}).shows(rows, own, {}) as { items: unknown };
      const { items, ...where } = page;
      const told = own.offset === 0 ? { rules: bounded(rules, { from: undefined, tool: undefined }) } : {};
      return { ...head, ...told, tasks: items, ...where };
    },
  },
  'token.explain': {
    ...plainView('token.explain'),
    shows: (answer) => {
      const { may, mayNot, ...rest } = answer as Explanation;
      const names = (list: readonly { readonly action: string }[]) =>
        list.map(({ action }) => action).join(', ');
      return { ...rest, may: names(may), mayNot: names(mayNot) };
    },
  },
};
