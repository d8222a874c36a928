import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Action } from '../tiers/actions.ts';

/** Prometheus metrics of one gateway. Labels are bounded: actions, codes and states, never names of agents. */
export interface Metrics {
  readonly registry: Registry;
  decided(action: Action, allowed: boolean): void;
  refusedToken(code: string): void;
  /** Counts a token that was renewed again within the grace, and got the same successor. */
  repeatedRenewal(): void;
  pushed(outcome: 'accepted' | 'refused', seconds: number): void;
  gateEnded(passed: boolean, seconds: number): void;
  landed(seconds: number): void;
}

/** Values that metrics read when they are asked for. */
export interface MetricFacts {
  readonly feedSilentMs: () => number;
  /** Bytes that may still be written on the disk of the repositories. */
  readonly roomBytes: () => Promise<number | undefined>;
  /** Folders of gates that could not be removed yet. */
  readonly foldersLeft: () => Promise<number>;
}

const refusedTokens = (registers: Registry[]): Counter<'code'> =>
  new Counter({
    name: 'andon_tokens_refused_total',
    help: 'Tokens that were refused before a decision',
    labelNames: ['code'],
    registers,
  });

const repeatedRenewals = (registers: Registry[]): Counter =>
  new Counter({
    name: 'andon_token_renewals_repeated_total',
    help: 'Renewals with a token that was renewed within the last 30 s, answered with the same successor',
    registers,
  });

/** Creates the metrics of one gateway in a registry of their own. */
export function createMetrics(facts: MetricFacts): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const decisions = new Counter({
    name: 'andon_decisions_total',
    help: 'Decisions of admission',
    labelNames: ['action', 'allowed'],
    registers,
  });
  const tokens = refusedTokens(registers);
  const renewals = repeatedRenewals(registers);
  const pushes = new Histogram({
    name: 'andon_push_seconds',
    help: 'Judging a push',
    labelNames: ['outcome'],
    registers,
  });
  const gates = new Histogram({
    name: 'andon_gate_seconds',
    help: 'Running a gate',
    labelNames: ['passed'],
    buckets: [0.1, 1, 5, 15, 60, 300, 900],
    registers,
  });
  const landings = new Histogram({ name: 'andon_landing_seconds', help: 'From approval to main', registers });
  measureProcess(facts, registers);
  // Looking a child up by its labels costs more than the decision it counts.
  const allowedBy = new Map<Action, Counter.Internal>();
  const deniedBy = new Map<Action, Counter.Internal>();
  return {
    registry,
    decided: (action, allowed) =>
      counted(allowed ? allowedBy : deniedBy, action, () => decisions.labels(action, String(allowed))).inc(),
    refusedToken: (code) => tokens.inc({ code }),
    repeatedRenewal: () => renewals.inc(),
    pushed: (outcome, seconds) => pushes.observe({ outcome }, seconds),
    gateEnded: (passed, seconds) => gates.observe({ passed: String(passed) }, seconds),
    landed: (seconds) => landings.observe(seconds),
  };
}

/** Registers values that are measured when the metrics are read. */
function measureProcess(facts: MetricFacts, registers: Registry[]): void {
  new Gauge({
    name: 'andon_feed_silent_seconds',
    help: 'Time since the log was last read to its end',
    registers,
    collect() {
      this.set(facts.feedSilentMs() / 1000);
    },
  });
  new Gauge({
    name: 'andon_disk_free_bytes',
    help: 'Room that is left where the repositories lie',
    registers,
    async collect() {
      const bytes = await facts.roomBytes();
      if (bytes !== undefined) this.set(bytes);
    },
  });
  new Gauge({
    name: 'andon_active_resources',
    help: 'What keeps the process of the gateway awake, by kind: timers, sockets, pipes; grows where something leaks',
    labelNames: ['kind'],
    registers,
    collect() {
      this.reset();
      for (const kind of process.getActiveResourcesInfo()) this.inc({ kind });
    },
  });
  new Gauge({
    name: 'andon_resident_bytes',
    help: 'Memory of the process of the gateway',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: 'andon_folders_left',
    help: 'Folders of gates that could not be removed yet; a sweep tries again every minute',
    registers,
    async collect() {
      this.set(await facts.foldersLeft());
    },
  });
}

function counted(
  known: Map<Action, Counter.Internal>,
  action: Action,
  make: () => Counter.Internal,
): Counter.Internal {
  let child = known.get(action);
  if (child === undefined) {
    child = make();
    known.set(action, child);
  }
  return child;
}
