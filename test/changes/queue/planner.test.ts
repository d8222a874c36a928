import { describe, expect, it } from 'vitest';
import { wishBehind } from '../../../src/changes/queue/planner.ts';
import { rareCases } from '../../support/queue-cases.ts';
import { change, changes, partOn, stepOf, wordsOf, worldOf } from '../../support/queue-world.ts';

describe('the stack', () => {
  it('takes all that is ready up to the cap, on as many boundaries as there are slots', () => {
    expect(stepOf({ queue: changes('abcdefghij') })).toBe('run m+a+b+c+d unit, m+a+b+c+d+e+f+g+h unit');
    expect(stepOf({ queue: changes('ab') })).toBe('run m+a+b unit');
    expect(stepOf({})).toBe('run ');
  });

  it('keeps a boundary that runs, has passed or has failed when the queue grows', () => {
    const queue = changes('abcd');
    expect(stepOf({ queue, results: { 'm+a unit': 'run' } })).toBe('run m+a unit, m+a+b+c+d unit');
    expect(stepOf({ queue, results: { 'm+a+b unit': 'pass' } })).toBe('land a+b as m+a+b');
    expect(stepOf({ queue, results: { 'm+a+b unit': 'fail' } })).toBe('1 strike for a | b by unit');
  });

  it('lands the first boundary when every gate of every member has passed', () => {
    const queue = [change('a'), change('b', { gates: ['lint'] })];
    const half = { 'm+a+b unit': 'pass' };
    expect(stepOf({ queue, results: half })).toBe('run m+a+b lint');
    expect(stepOf({ queue, results: { ...half, 'm+a+b lint': 'pass' } })).toBe('land a+b as m+a+b');
  });

  it('never lands a boundary over an unfinished one, and stacks behind it meanwhile', () => {
    const results = { 'm+a unit': 'run', 'm+a+b unit': 'pass' };
    const found = stepOf({ queue: changes('abc'), results });
    expect(found).toBe('run m+a unit, m+a+b+c unit');
  });

  it('wishes the runs behind a boundary that is about to land, so that no slot is idle meanwhile', () => {
    const world = { queue: changes('abcdefghij'), results: { 'm+a+b+c+d unit': 'pass' } };
    expect(stepOf(world)).toBe('land a+b+c+d as m+a+b+c+d');
    const behind = wordsOf(wishBehind(worldOf(world)));
    expect(behind).toBe('run m+a+b+c+d+e+f+g+h unit, m+a+b+c+d+e+f+g+h+i+j unit');
  });

  it('runs no gate of what was proven at submission', () => {
    expect(stepOf({ queue: changes('ab'), results: { 'm+a unit': 'pass' } })).toBe('land a as m+a');
  });

  it('gives a change of steering files its own boundary, with one before it', () => {
    const queue = [change('a'), change('s', { alone: true }), change('b')];
    expect(stepOf({ queue, slots: 3 })).toBe('run m+a unit, m+a+s unit, m+a+s+b unit');
  });

  it('halves the cap with each strike after the first', () => {
    const runs = (strikes: number): string => stepOf({ queue: changes('abcd', { strikes }), slots: 1 });
    expect([0, 1, 2, 3, 9].map(runs)).toEqual([
      'run m+a+b+c+d unit',
      'run m+a+b+c+d unit',
      'run m+a+b unit',
      'run m+a unit',
      'run m+a unit',
    ]);
  });

  it('tests nothing before what it needs, in whatever order they stand', () => {
    const queue = [change('a', { needs: ['b', 'landed'] }), change('b'), change('c')];
    expect(stepOf({ queue })).toBe('run m+b+a+c unit');
    const aside = [change('a', { needs: ['b'] }), change('b', { part: partOn('m', '1') }), change('c')];
    expect(stepOf({ queue: aside })).toBe('run m+c unit, m+b unit');
  });

  it('leaves out a change that conflicts with what is ahead of it, and refuses one that conflicts with main', () => {
    const queue = changes('abc');
    expect(stepOf({ queue, conflicts: ['m+a+b'] })).toBe('run m+a+c unit');
    expect(stepOf({ queue, conflicts: ['m+b'] })).toBe('conflict b on m');
    const needy = [change('a', { needs: ['b'] }), change('b')];
    expect(stepOf({ queue: needy, conflicts: ['m+a'] })).toBe('run m+b+a unit');
  });

  it('lands changes without gates without a run, and by the run of those that they share a boundary with', () => {
    const free = change('a', { gates: [] });
    expect(stepOf({ queue: [free] })).toBe('land a as m+a');
    expect(stepOf({ queue: [free, change('b')] })).toBe('run m+a+b unit');
  });
});

describe('a boundary that failed', () => {
  const results = { 'm+a+b+c+d unit': 'fail' };

  it('steps aside in as many parts as there are slots beside the first boundary, and in two at least', () => {
    const parts = (slots: number): string => stepOf({ queue: changes('abcdefgh'), results, slots });
    expect([1, 2, 3, 4, 5, 9].map(parts)).toEqual([
      '1 strike for a+b | c+d by unit',
      '1 strike for a+b | c+d by unit',
      '1 strike for a+b | c+d by unit',
      '1 strike for a | b+c | d by unit',
      '1 strike for a | b | c | d by unit',
      '1 strike for a | b | c | d by unit',
    ]);
  });

  it('is judged once all that is ahead has landed; until then the stack goes on beside it', () => {
    const found = { 'm+a unit': 'run', 'm+a+b unit': 'fail' };
    expect(stepOf({ queue: changes('abcd'), results: found })).toBe('run m+a unit, m+a+c+d unit');
    expect(stepOf({ queue: changes('bcd'), main: 'n', results: { 'n+b unit': 'fail' } })).toBe(
      '1 strike for b by unit',
    );
  });

  it('counts as passed when a gate failed and passed on its tree', () => {
    expect(stepOf({ queue: changes('a'), results: { 'm+a unit': 'fail pass' } })).toBe('land a as m+a');
  });

  it('waits for what is ahead when it has one cleared member', () => {
    const queue = changes('abc', { cleared: 'm', strikes: 9 });
    const found = { 'm+a unit': 'run', 'm+a+b unit': 'fail' };
    expect(stepOf({ queue, results: found })).toBe('run m+a unit, m+a+c unit');
  });
});

describe('a part', () => {
  const pair = changes('ab', { part: partOn('m', '1'), strikes: 1 });
  const one = changes('a', { part: partOn('m', '1'), strikes: 1 });

  it('is tested on main by itself, behind the first boundary and before all others', () => {
    const queue = [...pair, ...changes('cdefghijk')];
    expect(stepOf({ queue, slots: 3 })).toBe('run m+c+d+e+f unit, m+a+b unit, m+c+d+e+f+g+h+i+j unit');
  });

  it('runs the gate that failed before its own', () => {
    const queue = changes('a', { part: partOn('m', '1', 'slow'), gates: ['unit', 'lint'] });
    expect(stepOf({ queue })).toBe('run m+a slow, m+a unit, m+a lint');
    const dropped = changes('a', { part: { id: '1', main: 'm', gate: undefined } });
    expect(stepOf({ queue: dropped })).toBe('run m+a unit');
  });

  it('is cleared when it passed, and cut again when it failed', () => {
    expect(stepOf({ queue: pair, results: { 'm+a+b unit': 'pass' } })).toBe('clear a+b on m');
    expect(stepOf({ queue: pair, results: { 'm+a+b unit': 'fail' } })).toBe('0 strike for a | b by unit');
  });

  it('of one is refused when it failed more than `retry` times on a main that passes', () => {
    const passing = { 'm unit': 'pass' };
    const step = (fails: string, retry: number): string =>
      stepOf({ queue: one, retry, results: { ...passing, 'm+a unit': fails } });
    expect(step('fail', 1)).toBe('run m+a unit');
    expect(step('fail fail', 1)).toBe('refuse a on m');
    expect(step('fail', 0)).toBe('refuse a on m');
    expect(step('fail fail', 2)).toBe('run m+a unit');
    expect(step('fail fail pass', 1)).toBe('clear a on m');
  });

  it('has main tested before blame, beside its own last run', () => {
    const failed = { 'm+a unit': 'fail' };
    expect(stepOf({ queue: one, results: failed })).toBe('run m unit, m+a unit');
    expect(stepOf({ queue: one, results: { 'm+a unit': 'fail fail' } })).toBe('run m unit');
  });

  it('stays on the main on which it has begun', () => {
    const results = { 'm+a+b unit': 'run' };
    expect(stepOf({ queue: pair, main: 'n', results })).toBe('run m+a+b unit');
    expect(stepOf({ queue: pair, main: 'n', results: { 'm+a+b unit': 'pass' } })).toBe('clear a+b on m');
  });

  it('is tested on the present main when it has not begun', () => {
    expect(stepOf({ queue: pair, main: 'n' })).toBe('0 strike for a+b by unit');
    const queue = changes('ab', { part: partOn('n', '2') });
    expect(stepOf({ queue, main: 'n' })).toBe('run n+a+b unit');
  });

  it('tests those members whose needs have landed or are in it', () => {
    const part = partOn('m', '1');
    const queue = [change('a', { part, needs: ['c'] }), change('b', { part }), change('c')];
    expect(stepOf({ queue })).toBe('run m+c unit, m+b unit');
    expect(stepOf({ queue, results: { 'm+b unit': 'pass' } })).toBe('clear b on m');
  });

  it('leaves out a member that conflicts with one ahead of it, until that one has failed', () => {
    expect(stepOf({ queue: pair, conflicts: ['m+a+b'] })).toBe('run m+a unit');
    const results = { 'm+a unit': 'fail' };
    expect(stepOf({ queue: pair, conflicts: ['m+a+b'], results })).toBe('0 strike for a | b by unit');
  });

  it('does not stop what runs, for want of a slot', () => {
    const queue = [...changes('cd'), ...pair];
    const results = { 'm+c unit': 'run', 'm+c+d unit': 'run' };
    expect(stepOf({ queue, results })).toBe('run m+c unit, m+c+d unit');
  });
});

describe('a main that fails a gate', () => {
  const one = changes('a', { part: partOn('m', '1') });
  const broken = { 'm unit': 'fail fail', 'm+a unit': 'fail' };

  it('is told once, and gets as many runs as a change before that', () => {
    expect(stepOf({ queue: one, results: { ...broken, 'm unit': 'fail' } })).toBe('run m unit, m+a unit');
    expect(stepOf({ queue: one, results: broken })).toBe('m fails unit');
    expect(stepOf({ queue: one, results: broken, brokenGates: ['unit'] })).toBe('run ');
  });

  it('refuses nobody: those that failed wait, and others go on', () => {
    const queue = [...one, change('b', { gates: ['lint'] })];
    const results = { ...broken, 'm+a unit': 'fail fail fail' };
    expect(stepOf({ queue, results, brokenGates: ['unit'] })).toBe('run m+b lint');
  });

  it('is followed by one that is tested first, and those that waited go back to the queue', () => {
    const next = { main: 'n', brokenGates: ['unit'], results: broken };
    expect(stepOf({ ...next, queue: changes('b') })).toBe('run n unit, n+b unit');
    expect(stepOf({ ...next, queue: one })).toBe('clear a on m');
  });

  it('is asked, and told, when a submission fails, also where nothing is approved', () => {
    const suspected = { suspectGates: ['unit'] };
    expect(stepOf(suspected)).toBe('run m unit');
    expect(stepOf({ ...suspected, results: { 'm unit': 'fail' } })).toBe('run m unit');
    expect(stepOf({ ...suspected, results: { 'm unit': 'fail fail' } })).toBe('m fails unit');
    expect(stepOf({ ...suspected, results: { 'm unit': 'fail fail' }, brokenGates: ['unit'] })).toBe('run ');
    expect(stepOf({ ...suspected, results: { 'm unit': 'fail pass' } })).toBe('run ');
  });

  it('says nothing of a change whose task does not name the gate', () => {
    const queue = changes('a', { part: partOn('m', '1'), gates: ['lint'] });
    expect(stepOf({ queue, results: { 'm unit': 'fail fail' }, brokenGates: ['unit'] })).toBe('run m+a lint');
  });

  it('counts as passing when it passed once', () => {
    const results = { 'm unit': 'fail fail pass', 'm+a unit': 'fail fail' };
    expect(stepOf({ queue: one, results })).toBe('refuse a on m');
  });
});

describe('the planner', () => {
  it.each(rareCases)('knows that %s', (_, world, answer) => {
    expect(stepOf(world)).toBe(answer);
  });
});
