import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { jsonOf } from '../../lib/json.ts';
import type { RunUsage } from '../protocol.ts';
import { MetricUsage, type TakenMetrics } from './metric-usage.ts';

const bodyBytesMax = 1024 * 1024;
/** Bodies that are read at one time, so that a run cannot fill its runner's memory. */
const bodiesMax = 4;

const unpack = promisify(gunzip);

/** The run whose metrics are taken. */
export interface MetricsIntakeOptions {
  /** True for a token that this run was given. */
  readonly isOwn: (token: string) => boolean;
  /** Called with the total usage of the run by its metrics. */
  readonly spent: (usage: RunUsage) => void;
}

/** Path of the run's proxy at which it takes metrics. */
export const metricsPath = '/v1/metrics';

/**
 * Takes the metrics of one run: OTLP over HTTP as JSON, with the token of the run, at most 1 MB each, gzip or
 * plain. The metrics count for this run alone; answers as the protocol demands (OTLP 1.x, "OTLP/HTTP
 * Response").
 */
export function createMetricsIntake(options: MetricsIntakeOptions) {
  const usage = new MetricUsage();
  let reading = 0;
  return async (incoming: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const refused = refusalOf(incoming, options, reading);
    if (refused !== undefined) return refuse(incoming, answer, refused);
    reading += 1;
    try {
      const taken = await takenFrom(incoming, usage);
      if (taken === undefined)
        return refuse(incoming, answer, [400, 'no OTLP metrics as JSON, at most 1 MB']);
      options.spent(usage.usage);
      answer.writeHead(200, { 'content-type': 'application/json' });
      answer.end(JSON.stringify(outcome(taken.rejected)));
    } finally {
      reading -= 1;
    }
  };
}

type IntakeRefusal = readonly [status: number, words: string];

/** The reason why a request is refused before its body is read. */
function refusalOf(
  { method, headers }: IncomingMessage,
  { isOwn }: MetricsIntakeOptions,
  reading: number,
): IntakeRefusal | undefined {
  if (!isOwn(bearerOf(headers.authorization)))
    return [401, 'metrics of a run are taken with its own token (OTEL_EXPORTER_OTLP_METRICS_HEADERS)'];
  if (method !== 'POST') return [405, 'metrics are posted'];
  if (!/^application\/json\b/.test(headers['content-type'] ?? ''))
    return [415, 'metrics are taken as JSON (OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=http/json)'];
  return reading < bodiesMax ? undefined : [429, `more than ${bodiesMax} exports at once`];
}

const bearerOf = (header = ''): string => /^bearer +(\S+)$/i.exec(header)?.[1] ?? '';

/** The outcome of a body; undefined when it is too long, no JSON, no export, or nested too deep. */
async function takenFrom(incoming: IncomingMessage, usage: MetricUsage): Promise<TakenMetrics | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of incoming as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > bodyBytesMax) return undefined;
      parts.push(part);
    }
    const whole = Buffer.concat(parts);
    const isPacked = incoming.headers['content-encoding'] === 'gzip';
    const text = isPacked ? await unpack(whole, { maxOutputLength: bodyBytesMax }) : whole;
    return usage.take(jsonOf(text.toString('utf8')));
  } catch {
    return undefined;
  }
}

const outcome = (rejected: number) =>
  rejected === 0
    ? {}
    : {
        partialSuccess: {
          rejectedDataPoints: String(rejected),
          errorMessage: 'no numbers, or too many series',
        },
      };

function refuse(incoming: IncomingMessage, answer: ServerResponse, [status, words]: IntakeRefusal): void {
  const retry = status === 429 ? { 'retry-after': '1' } : {};
  answer.writeHead(status, { 'content-type': 'text/plain', connection: 'close', ...retry });
  // The connection ends without waiting for a body that is not read.
  answer.end(`andon: ${words}\n`, () => incoming.destroy());
}
