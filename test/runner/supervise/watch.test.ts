import { describe, expect, it } from 'vitest';
import type { RunSettings } from '../../../src/runner/protocol.ts';
import { Watch } from '../../../src/runner/supervise/watch.ts';

const settings = (change: Partial<RunSettings> = {}): RunSettings => ({
  env: {},
  pass: [],
  network: [],
  idleMs: 60_000,
  autoTerminate: true,
  refusesFolders: false,
  flatTurns: 3,
  usage: 'printed',
  budget: { tokens: 1000, usdMicro: 1_000_000, wallClockMs: 600_000, beforeProgress: 0.2 },
  ...change,
});
const seen = (work: string, head = 'a', changes = 0) => ({ work, head, changes });
const spent = (tokens: number, usdMicro = 0) => ({ usage: { tokens, usdMicro, turns: 0 } });
const turn = (...calls: string[]) => ({ turn: { calls } });

describe('the watch over a run', () => {
  it('lets a run go on that does nothing wrong', () => {
    const watch = new Watch(settings(), 1_000_000, 0);
    watch.saw(seen('1'));
    watch.heard(spent(100));
    expect(watch.breach(59_000)).toBeUndefined();
  });

  it('ends it at its time, and when it is silent for too long', () => {
    expect(new Watch(settings(), 5_000, 0).breach(5_000)?.cause).toBe('timed_out');
    const watch = new Watch(settings(), 1_000_000, 0);
    watch.alive(50_000);
    expect(watch.breach(100_000)).toBeUndefined();
    expect(watch.breach(110_000)?.cause).toBe('idle');
  });

  it('ends a run whose context is larger than its profile allows, and none whose program tells no size', () => {
    const watch = new Watch(settings({ budget: { context: 500, beforeProgress: 1 } }), 1e9, 0);
    watch.heard({
      context: [{ what: 'loaded', kind: 'file', source: 'a', why: '', text: 'x'.repeat(9_999) }],
    });
    watch.heard({ context: [{ what: 'sized', tokens: 500 }] });
    expect(watch.breach(1)).toBeUndefined();
    watch.heard({ context: [{ what: 'sized', tokens: 501 }] });
    expect(watch.breach(1)).toEqual({ cause: 'over_budget', note: 'a context of 501 tokens, limit 500' });
  });

  it('gives a smaller budget before the first progress than after it', () => {
    const watch = new Watch(settings(), 1_000_000, 0);
    watch.saw(seen('1'));
    watch.heard(spent(201));
    expect(watch.breach(1)).toMatchObject({
      cause: 'over_budget',
      note: '201 tokens, limit 200 before the first progress',
    });
    const later = new Watch(settings(), 1_000_000, 0);
    later.saw(seen('1', 'a'));
    later.saw(seen('2', 'b'));
    later.heard(spent(999));
    expect(later.breach(1)).toBeUndefined();
    later.heard(spent(1001));
    expect(later.breach(1)?.cause).toBe('over_budget');
  });

  it('does not take an edit for progress, but a commit or an accepted call', () => {
    const watch = new Watch(settings(), 1_000_000, 0);
    watch.saw(seen('1'));
    watch.saw(seen('2'));
    expect(watch.hasProgress).toBe(false);
    watch.saw(seen('2', 'a', 1));
    expect(watch.hasProgress).toBe(true);
  });

  it('counts USD and wall clock like tokens', () => {
    const watch = new Watch(settings(), 1_000_000, 0);
    watch.heard(spent(0, 200_001));
    expect(watch.breach(1)?.note).toContain('USD');
    const slow = new Watch(settings({ idleMs: 10_000_000 }), 1_000_000, 0);
    expect(slow.breach(120_001)?.note).toContain('wall clock');
  });

  it('never takes spending back, whatever a program reports', () => {
    const watch = new Watch(settings(), 1_000_000, 0);
    watch.heard(spent(150));
    watch.heard(spent(3));
    expect(watch.usage.tokens).toBe(150);
    // A number above the one that the gateway accepts counts as that one.
    watch.heard(spent(1e300, 1e300));
    expect(watch.usage).toMatchObject({ tokens: 2 ** 53 - 1, usdMicro: 2 ** 53 - 1 });
  });

  it('ends a run after three turns in a row that changed nothing and called nothing new', () => {
    const watch = new Watch(settings(), 1_000_000, 0);
    watch.saw(seen('1'));
    watch.heard(turn('read a'));
    for (let i = 0; i < 2; i++) watch.heard(turn('read a'));
    expect(watch.breach(1)).toBeUndefined();
    watch.heard(turn('read a'));
    expect(watch.breach(1)?.cause).toBe('no_progress');
  });

  it('lets a run read on: a call that is new is no flat turn', () => {
    const watch = new Watch(settings(), 1_000_000, 0);
    for (let i = 0; i < 50; i++) watch.heard(turn(`read ${i}`));
    expect(watch.breach(1)).toBeUndefined();
  });

  it('begins to count anew when a file has changed', () => {
    const watch = new Watch(settings(), 1_000_000, 0);
    watch.saw(seen('1'));
    for (let i = 0; i < 10; i++) {
      watch.heard(turn('edit'));
      watch.heard(turn('edit'));
      watch.saw(seen(`${i + 2}`));
    }
    expect(watch.breach(1)).toBeUndefined();
  });

  it('counts no flat turns where the profile says 0', () => {
    const watch = new Watch(settings({ flatTurns: 0 }), 1_000_000, 0);
    for (let i = 0; i < 10; i++) watch.heard(turn('same'));
    expect(watch.breach(1)).toBeUndefined();
    expect(watch.usage.turns).toBe(10);
  });
});
