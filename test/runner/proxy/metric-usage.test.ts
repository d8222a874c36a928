import { describe, expect, it } from 'vitest';
import { MetricUsage } from '../../../src/runner/proxy/metric-usage.ts';
import { exportOf, type PointOf } from '../../support/otlp.ts';

const usageOf = (...exports: readonly (readonly PointOf[])[]) => {
  const usage = new MetricUsage();
  for (const points of exports) expect(usage.take(exportOf(...points))).toEqual({ rejected: 0 });
  return usage.usage;
};
const tokensOf = (...exports: readonly (readonly PointOf[])[]) => usageOf(...exports).tokens;

describe('what a run has spent by its metrics', () => {
  it('is the last value of a cumulative series, however often it is sent', () => {
    expect(tokensOf([{ value: 100 }], [{ value: 100, time: '3' }], [{ value: 140, time: '4' }])).toBe(140);
  });

  it('is the sum of the points of a delta series, each once', () => {
    const second = { value: 40, delta: true, start: '2', time: '3' };
    expect(tokensOf([{ value: 100, delta: true }], [second], [second])).toBe(140);
  });

  it('counts points without a time as they come, because nothing tells one from another', () => {
    const point = { value: 5, delta: true, time: '', start: '' };
    expect(tokensOf([point], [point])).toBe(10);
  });

  it('is the sum of all kinds of tokens, and of two lives of a program', () => {
    const kinds = [{ value: 100 }, { value: 7, type: 'output' }, { value: 3, type: 'cacheRead' }];
    expect(tokensOf(kinds)).toBe(110);
    expect(tokensOf([{ value: 100 }], [{ value: 30, start: '50', time: '60' }], [{ value: 90 }])).toBe(130);
  });

  it('is that of the largest where the same spending goes by several names', () => {
    const both = [{ value: 100 }, { value: 120, name: 'gen_ai.client.token.usage', histogram: true }];
    expect(tokensOf(both)).toBe(120);
  });

  it('reads integers that are text, and enums by their name', () => {
    const usage = new MetricUsage();
    const asInt = { attributes: [], timeUnixNano: '2', asInt: '9007' };
    const sum = { aggregationTemporality: 'AGGREGATION_TEMPORALITY_DELTA', dataPoints: [asInt] };
    const next = { ...sum, dataPoints: [{ ...asInt, timeUnixNano: '3' }] };
    for (const one of [sum, next])
      usage.take({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'token.usage', sum: one }] }] }] });
    expect(usage.usage.tokens).toBe(18_014);
  });

  it('has USD in millionths, from what is called cost', () => {
    expect(usageOf([{ name: 'claude_code.cost.usage', value: 0.25 }])).toEqual({
      tokens: 0,
      usdMicro: 250_000,
      turns: 0,
    });
  });

  it('leaves other metrics and gauges alone', () => {
    expect(tokensOf([{ name: 'claude_code.session.count', value: 4 }])).toBe(0);
    expect(tokensOf([{ name: 'xtoken.usage', value: 4 }])).toBe(0);
    const gauge = { name: 'token.usage', gauge: { dataPoints: [{ asInt: 4 }] } };
    const usage = new MetricUsage();
    usage.take({ resourceMetrics: [{ scopeMetrics: [{ metrics: [gauge] }] }] });
    expect(usage.usage.tokens).toBe(0);
  });

  it('never becomes less', () => {
    expect(tokensOf([{ value: 100 }], [{ value: 3, time: '9' }])).toBe(100);
  });
});
