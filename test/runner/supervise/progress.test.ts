import { describe, expect, it } from 'vitest';
import { Progress } from '../../../src/runner/supervise/progress.ts';

const seen = (work: string, more: { head?: string; changes?: number; artefact?: string } = {}) => ({
  head: 'a',
  changes: 0,
  ...more,
  work,
});

describe('progress by the tree', () => {
  it('is a tree that the run never had, not one edited back and forth', () => {
    const progress = new Progress('tree', 3);
    progress.saw(seen('1'));
    for (let n = 0; n < 6; n++) {
      progress.turned(['edit']);
      progress.saw(seen(n % 2 === 0 ? '2' : '1'));
    }
    expect(progress.circle).toBe('4 turns in a row changed nothing and called nothing new');
  });
});

describe('progress by failing tests', () => {
  const started = (failing = 5): Progress => {
    const progress = new Progress('tests', 3);
    progress.saw(seen('0'));
    expect(progress.wantsCount).toBe(true);
    progress.counted(failing);
    return progress;
  };
  let tree = 0;
  /** A turn that edits, with a call that is new every time, and the number of tests that fail then. */
  const edits = (progress: Progress, failing: number): void => {
    tree += 1;
    progress.turned([`edit ${tree}`]);
    progress.saw(seen(`${tree}`));
    expect(progress.wantsCount).toBe(true);
    progress.counted(failing);
    expect(progress.wantsCount).toBe(false);
  };

  it('is fewer of them than ever before, not only than the last time', () => {
    const progress = started();
    for (const failing of [4, 6, 5, 3, 9, 3]) edits(progress, failing);
    expect(progress.circle).toBeUndefined();
    expect(progress.hasProgress).toBe(true);
    edits(progress, 4);
    expect(progress.circle).toBe('3 turns in a row without fewer failing tests than 3');
  });

  it('is no edit and no commit, however new', () => {
    const progress = started();
    for (let n = 0; n < 3; n++) edits(progress, 5);
    expect(progress.circle).toBeDefined();
    progress.saw(seen('x', { head: 'b' }));
    expect(progress.hasProgress).toBe(false);
    progress.saw(seen('x', { changes: 1 }));
    expect(progress.hasProgress).toBe(true);
  });

  it('lets a run read on, and try the same command on another tree', () => {
    const progress = started();
    for (let n = 0; n < 20; n++) {
      progress.turned([`read ${n}`]);
      progress.saw(seen('0'));
    }
    expect(progress.circle).toBeUndefined();
    expect(progress.wantsCount).toBe(false);
    for (let n = 0; n < 2; n++) {
      edits(progress, 5);
      progress.turned(['npm test']);
      progress.saw(seen(`${tree}`));
    }
    expect(progress.circle).toBeUndefined();
    for (let n = 0; n < 2; n++) {
      progress.turned(['npm test']);
      progress.saw(seen(`${tree}`));
    }
    expect(progress.circle).toBeDefined();
  });

  it('begins with a tree whose tests nobody can count, and is the first number then', () => {
    const progress = started(Number.POSITIVE_INFINITY);
    edits(progress, Number.POSITIVE_INFINITY);
    edits(progress, Number.POSITIVE_INFINITY);
    edits(progress, 40);
    edits(progress, 40);
    edits(progress, 40);
    expect(progress.circle).toBeUndefined();
    const stuck = started(Number.POSITIVE_INFINITY);
    for (let n = 0; n < 3; n++) edits(stuck, Number.POSITIVE_INFINITY);
    expect(stuck.circle).toContain('than a number nobody could tell');
  });

  it('is that of the tree once none fails', () => {
    const progress = started(0);
    expect(progress.wantsCount).toBe(false);
    for (let n = 0; n < 9; n++) {
      progress.turned(['edit']);
      progress.saw(seen(`new ${n}`));
      expect(progress.wantsCount).toBe(false);
    }
    expect(progress.circle).toBeUndefined();
    for (let n = 0; n < 4; n++) {
      progress.turned(['edit']);
      progress.saw(seen('new 8'));
    }
    expect(progress.circle).toBe('3 turns in a row changed nothing and called nothing new');
  });
});

describe('progress by an artefact', () => {
  it('is a content that it never had, whatever else is edited', () => {
    const progress = new Progress('artefact', 2);
    progress.saw(seen('0'));
    for (let n = 1; n < 5; n++) {
      progress.turned(['write']);
      progress.saw(seen(`${n}`, { artefact: `${n}` }));
    }
    expect(progress.circle).toBeUndefined();
    expect(progress.hasProgress).toBe(true);
    progress.turned(['edit a']);
    progress.saw(seen('x', { artefact: '2' }));
    expect(progress.circle).toBeUndefined();
    progress.turned(['edit b']);
    progress.saw(seen('y', { artefact: '4' }));
    expect(progress.circle).toBe('2 turns in a row left the artefact as it was before');
  });

  it('has not begun while only other files and commits are new', () => {
    const progress = new Progress('artefact', 2);
    progress.saw(seen('0', { artefact: 'old' }));
    progress.saw(seen('1', { artefact: 'old', head: 'b' }));
    expect(progress.hasProgress).toBe(false);
    progress.saw(seen('2', { artefact: 'new' }));
    expect(progress.hasProgress).toBe(true);
  });
});
