import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { EventData } from '../../../src/store/log/event-data/index.ts';
import { type EventType, event, eventTypes } from '../../../src/store/log/events.ts';
import { isKnown, type LoggedEvent, namedTask, taskOf } from '../../../src/store/log/logged-event.ts';

const src = resolve(import.meta.dirname, '../../../src');
const texts = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: readFileSync(join(src, name), 'utf8') }));

/** Types that are declared although nothing emits them yet, with their purpose. */
const kept: Readonly<Partial<Record<EventType, string>>> = {};

const emitting = /\b(?:event|systemEvent|triggerEvent)\(\s*(?:\w+,\s*)?'([a-z]+\.[a-z]+)'/g;
const emitted = new Set(texts.flatMap(({ text }) => [...text.matchAll(emitting)].map(([, type]) => type)));

describe('types of events', () => {
  it.each(eventTypes)('%s is emitted, or kept for a reason', (type) => {
    expect(emitted.has(type)).toBe(!Object.hasOwn(kept, type));
  });

  it('are declared before they are emitted', () => {
    expect(emitted.size).toBeGreaterThan(50);
    expect([...emitted].filter((type) => !eventTypes.some((known) => known === type))).toEqual([]);
  });

  it('are declared before a statement asks for them', () => {
    const asked = texts
      .flatMap(({ text }) => text.match(/\btype (?:=|(?:not )?in) \(?'[^`\n]*/g) ?? [])
      .flatMap((condition) => [...condition.matchAll(/'([a-z]+\.[a-z]+)'/g)].map(([, type]) => type));
    expect(asked.length).toBeGreaterThan(6);
    expect(asked.filter((type) => !eventTypes.some((known) => known === type))).toEqual([]);
  });

  it('are in the list as in the map, sorted, each once', () => {
    expectTypeOf<keyof EventData>().toEqualTypeOf<EventType>();
    expect([...eventTypes]).toEqual([...new Set(eventTypes)].sort());
  });

  it('come from the constructor alone', () => {
    const written = new RegExp(`\\btype: '(?:${eventTypes.join('|').replaceAll('.', '\\.')})'`);
    expect(texts.filter(({ text }) => written.test(text)).map(({ name }) => name)).toEqual([]);
  });
});

describe('an event', () => {
  it('has the data of its type, no less, no more and no other', () => {
    event('task.renewed', 'task/cart', { epoch: 1 });
    // @ts-expect-error: a member too few
    event('task.claimed', 'task/cart', { epoch: 1 });
    // @ts-expect-error: a member too many
    event('task.renewed', 'task/cart', { epoch: 1, leaseMs: 1 });
    const read = { epoch: 1, leaseMs: 1 };
    // @ts-expect-error: the same from a variable
    event('task.renewed', 'task/cart', read);
    // @ts-expect-error: a member of another type
    event('task.renewed', 'task/cart', { epoch: '1' });
    // @ts-expect-error: a type that is not declared
    event('task.imagined', 'task/cart', { epoch: 1 });
  });

  it('tells its data by its type when it is read', () => {
    const read = (one: LoggedEvent): string | number | undefined => {
      if (one.type === 'gate.ended') return one.data.ms;
      if (one.type === 'run.ended') return one.data.outcome;
      // @ts-expect-error: no type was asked for
      return one.data.outcome;
    };
    expect(read({ type: '?', subject: 's', data: {} })).toBeUndefined();
  });

  it('names its task in its data, or in its subject', () => {
    const asked = event('verdict.given', 'change/chg_1', {
      verdict: 'vrd_1',
      task: 'cart',
      approve: true,
      tree: 't',
      reasons: [],
      ownWork: false,
    });
    expect([namedTask(asked), taskOf(asked)]).toEqual(['cart', 'cart']);
    const renewed = event('task.renewed', 'task/cart', { epoch: 1 });
    expect([namedTask(renewed), taskOf(renewed)]).toEqual([undefined, 'cart']);
    const ended: LoggedEvent = { type: '?', subject: 'run/run_1', data: { task: null } };
    expect([namedTask(ended), taskOf(ended), isKnown(ended)]).toEqual([undefined, undefined, false]);
  });
});
