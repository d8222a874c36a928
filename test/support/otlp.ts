/** One point as an exporter sends it. */
export interface PointOf {
  readonly name?: string;
  readonly value: number | string;
  readonly delta?: boolean;
  readonly start?: string;
  readonly time?: string;
  readonly type?: string;
  readonly histogram?: boolean;
}

/** An export of OTLP metrics as JSON, of points that are a metric each. */
export const exportOf = (...points: readonly PointOf[]) => ({
  resourceMetrics: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'agent' } }] },
      scopeMetrics: [{ scope: { name: 'agent' }, metrics: points.map(metricOf) }],
    },
  ],
});

function metricOf({ name = 'agent.token.usage', value, delta = false, histogram = false, ...more }: PointOf) {
  const { start = '1', time = '2', type = 'input' } = more;
  const point = {
    attributes: [{ key: 'type', value: { stringValue: type } }],
    startTimeUnixNano: start,
    timeUnixNano: time,
    ...(histogram ? { sum: value, count: '1' } : { asDouble: value }),
  };
  const aggregationTemporality = delta ? 1 : 2;
  return { name, [histogram ? 'histogram' : 'sum']: { aggregationTemporality, dataPoints: [point] } };
}
