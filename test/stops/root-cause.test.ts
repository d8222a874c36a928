import { describe, expect, it } from 'vitest';
import { type Clearing, clearReasons, type RootCause, rootReasons } from '../../src/stops/root-cause.ts';

const cause: RootCause = {
  whys: [
    { why: 'a migration was deleted', evidence: 'commit 3f2c9aa' },
    { why: 'no gate replays migrations', evidence: 'andon.yaml' },
  ],
  kind: 'test',
  prevention: 'a gate that replays all migrations',
};
const red = { id: 'stp_1', colour: 'red' as const, pulledBy: 'agent:builder' };
const yellow = { ...red, colour: 'yellow' as const };
const by = (tier: Clearing['tier'], who: string, more: Partial<Clearing> = {}): Clearing => ({
  by: who,
  tier,
  why: undefined,
  rootCause: undefined,
  ...more,
});
const codes = (reasons: readonly { code: string; subject: string }[]): string[] =>
  reasons.map(({ code, subject }) => `${code} ${subject}`);

describe('a red stop', () => {
  it('is cleared by a human with the whole root cause', () => {
    expect(clearReasons(red, by('human', 'human:ada', { rootCause: cause }))).toEqual([]);
  });

  it('is cleared by no agent, not even the one that pulled it, whatever it brings', () => {
    for (const tier of ['executive', 'implementer', 'validator'] as const)
      expect(
        codes(clearReasons(red, by(tier, 'agent:builder', { rootCause: cause, why: 'fine now' }))),
      ).toEqual(['cord.human stop/stp_1']);
  });

  it('is not cleared by a reason alone', () => {
    expect(codes(clearReasons(red, by('human', 'human:ada', { why: 'fine now' })))).toEqual([
      'cord.cause stop/stp_1',
    ]);
  });
});

describe('a yellow stop', () => {
  it('is cleared by whoever pulled it, an executive or a human, with a reason', () => {
    for (const one of [
      by('implementer', 'agent:builder'),
      by('executive', 'agent:lead'),
      by('human', 'human:ada'),
    ])
      expect(clearReasons(yellow, { ...one, why: 'mended in chg_1' })).toEqual([]);
  });

  it('is not cleared by another agent', () => {
    for (const tier of ['implementer', 'validator'] as const)
      expect(codes(clearReasons(yellow, by(tier, 'agent:other', { why: 'mended' })))).toEqual([
        'cord.owner stop/stp_1',
      ]);
  });

  it('is not cleared without a reason', () => {
    for (const why of [undefined, '', '  ', '...'])
      expect(codes(clearReasons(yellow, by('human', 'human:ada', { why })))).toEqual([
        'cord.cause stop/stp_1',
      ]);
  });
});

describe('a root cause', () => {
  const lacks = (more: Partial<RootCause>) => codes(rootReasons({ ...cause, ...more }));

  it('has one to seven whys', () => {
    const why = (n: number) => ({ why: `why ${n} happened`, evidence: 'the log' });
    expect(lacks({ whys: [why(1)] })).toEqual([]);
    expect(lacks({ whys: Array.from({ length: 7 }, (_, n) => why(n)) })).toEqual([]);
    expect(lacks({ whys: [] })).toEqual(['cord.cause whys']);
    expect(lacks({ whys: Array.from({ length: 8 }, (_, n) => why(n)) })).toEqual(['cord.cause whys']);
  });

  it('says something in every why and brings evidence for each', () => {
    expect(lacks({ whys: [{ why: '…', evidence: 'the log' }] })).toEqual(['cord.cause whys[0].why']);
    expect(lacks({ whys: [{ why: 'it broke', evidence: '   ' }] })).toEqual(['cord.cause whys[0].evidence']);
    expect(lacks({ whys: [{ why: '壊れた', evidence: 'ログ３行目' }] })).toEqual([]);
  });

  it('goes a step further with every why', () => {
    const [first = { why: '', evidence: '' }] = cause.whys;
    expect(lacks({ whys: [first, { ...first, why: ' A  Migration was deleted ' }] })).toEqual([
      'cord.cause whys[1].why',
    ]);
  });

  it('names what prevents it, in other words than a why', () => {
    expect(lacks({ prevention: '-' })).toEqual(['cord.cause prevention']);
    expect(lacks({ prevention: 'No gate replays  migrations' })).toEqual(['cord.cause prevention']);
  });
});
