import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { objectOf } from '../adapters/adapter.ts';
import type { RunUsage } from '../protocol.ts';

const seriesMax = 4096;
const seenMax = 4096;

/** One metric of one export, reduced to the fields that count. */
interface Points {
  readonly kind: UsageKind;
  readonly name: string;
  readonly isDelta: boolean;
  /** Distinguishes points with different attributes: of one program or another. */
  readonly source: string;
  readonly points: readonly Record<string, unknown>[];
}

type UsageKind = 'tokens' | 'usd';

// Names of metrics: claude_code.token.usage and claude_code.cost.usage, gen_ai.client.token.usage of the
// semantic conventions, and those of other programs.
const kinds: readonly (readonly [RegExp, UsageKind])[] = [
  [/(^|\.)token\.usage$/, 'tokens'],
  [/(^|\.)cost\.usage$/, 'usd'],
];

/** The outcome of an export. */
export interface TakenMetrics {
  /** Points that count nothing: no number, below zero, or of more series than are kept. */
  readonly rejected: number;
}

/**
 * Usage of a run by the metrics that its program exports (OTLP 1.x, JSON): sums, and the sums of histograms,
 * whose name ends in `token.usage` or `cost.usage` (USD). A cumulative series counts with its highest value,
 * a delta series with all its points, each once. When one usage is exported under several names the largest
 * counts. An export can only add to the counted usage.
 */
export class MetricUsage {
  readonly #series = new Map<string, { readonly name: string; readonly kind: UsageKind; value: number }>();
  readonly #seen = new LRUCache<string, true>({ max: seenMax });

  /** Adds an export. Returns undefined for a body that is no export. */
  take(body: unknown): TakenMetrics | undefined {
    const metrics = metricsOf(body);
    if (metrics === undefined) return undefined;
    let rejected = 0;
    for (const metric of metrics)
      for (const point of metric.points) if (!this.#add(metric, point)) rejected += 1;
    return { rejected };
  }

  get usage(): RunUsage {
    const usd = this.#largest('usd');
    return { tokens: Math.round(this.#largest('tokens')), usdMicro: Math.round(usd * 1_000_000), turns: 0 };
  }

  #largest(kind: UsageKind): number {
    const sums = new Map<string, number>();
    for (const one of this.#series.values())
      if (one.kind === kind) sums.set(one.name, (sums.get(one.name) ?? 0) + one.value);
    return Math.max(0, ...sums.values());
  }

  #add(metric: Points, point: Record<string, unknown>): boolean {
    const value = numberOf(point);
    return value !== undefined && this.#count(metric, point, value);
  }

  #count({ name, kind, isDelta, source }: Points, point: Record<string, unknown>, value: number): boolean {
    const start = timeOf(point.startTimeUnixNano);
    const identity = `${name}\0${source}\0${textOf(point.attributes)}`;
    // Each start of a cumulative series is one life of a program; a delta series begins anew with every
    // point.
    const key = hashOf(isDelta ? identity : `${identity}\0${start}`);
    if (isDelta && this.#isRepeated(`${key} ${start}`, timeOf(point.timeUnixNano))) return true;
    const series = this.#series.get(key) ?? { name, kind, value: 0 };
    series.value = isDelta ? series.value + value : Math.max(series.value, value);
    if (!this.#series.has(key) && this.#series.size >= seriesMax) return false;
    this.#series.set(key, series);
    return true;
  }

  /** True for a point sent before: an exporter without an answer soon sends the same point again. */
  #isRepeated(series: string, time: string): boolean {
    const point = `${series} ${time}`;
    if (time === '') return false;
    if (this.#seen.has(point)) return true;
    this.#seen.set(point, true);
    return false;
  }
}

/** The metrics of an export that tell usage; undefined for a body without the form of an export. */
function metricsOf(body: unknown): Points[] | undefined {
  const resources = listOf(body, 'resourceMetrics');
  if (resources === undefined) return undefined;
  return resources.flatMap((resource) =>
    (listOf(resource, 'scopeMetrics') ?? []).flatMap((scope) => {
      const source = textOf([objectOf(resource, 'resource')?.attributes, objectOf(scope, 'scope')?.name]);
      return (listOf(scope, 'metrics') ?? []).flatMap((metric) => pointsOf(metric, source));
    }),
  );
}

function pointsOf(metric: Record<string, unknown>, source: string): Points[] {
  const name = typeof metric.name === 'string' ? metric.name : '';
  const [, kind] = kinds.find(([pattern]) => pattern.test(name)) ?? [];
  const data = objectOf(metric, 'sum') ?? objectOf(metric, 'histogram');
  if (kind === undefined || data === undefined) return [];
  // JSON names an enum by its number or by its name.
  const isDelta = [1, 'AGGREGATION_TEMPORALITY_DELTA'].includes(
    data.aggregationTemporality as number | string,
  );
  return [{ kind, name, isDelta, source, points: listOf(data, 'dataPoints') ?? [] }];
}

/** The entries of a list that are objects; undefined when the member is no list. */
function listOf(from: unknown, member: string): Record<string, unknown>[] | undefined {
  const value = objectOf(from, member);
  if (!Array.isArray(value)) return undefined;
  return value.filter((one) => typeof one === 'object' && one !== null);
}

/** A number, or one as text (JSON writes 64-bit integers so); not below zero. */
function numberOf({ asInt, asDouble, sum }: Record<string, unknown>): number | undefined {
  const given = asInt ?? asDouble ?? sum;
  const value = typeof given === 'string' && /^\d{1,19}$/.test(given) ? Number(given) : given;
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

const timeOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 24) : '';

const textOf = (value: unknown): string => JSON.stringify(value) ?? '';

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');
