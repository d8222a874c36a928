import type { GateOrder } from '../../src/runner/gates/gate-order.ts';
import { roleOf } from '../../src/tiers/roles.ts';
import type { Hand, Line } from './line.ts';

/** A runner of gates by hand: what it says is what the test lets it say. */
export interface GateHand extends Hand {
  readonly name: string;
  take(change?: {
    containment?: 'bubblewrap' | 'other-user' | 'none';
    slots?: number;
  }): Promise<GateOrder | null>;
  end(
    order: GateOrder,
    change?: Partial<GateOrder> & { exitCode?: number | null; timedOut?: boolean },
  ): Promise<unknown>;
  beat(...orders: readonly GateOrder[]): Promise<readonly string[]>;
  /** Takes and ends gates with this exit code until none waits; answers the orders. */
  carryOut(exitCode?: number): Promise<GateOrder[]>;
}

/** Mints a grant of a gate runner; `withRuns` lets it take runs as well. */
export async function gateHand(line: Line, name: string, withRuns = false): Promise<GateHand> {
  const ops = withRuns ? { ops: [...(roleOf('GATE_RUNNER')?.actions ?? [])] } : {};
  const hand = await line.mint(`runner:${name}`, { role: 'GATE_RUNNER', ...ops });
  const { project } = line;
  const { gate } = hand.client;
  const take: GateHand['take'] = async ({ containment = 'bubblewrap', slots = 1 } = {}) =>
    (await gate.take.mutate({ project, runner: name, slots, containment })).taken;
  const end: GateHand['end'] = ({ run, nonce, tree }, change = {}) => {
    const { exitCode = 0, timedOut = false } = change;
    const said = { exitCode, timedOut, ms: 5, output: `by ${name}`, containment: 'bubblewrap' as const };
    const of = { run: change.run ?? run, nonce: change.nonce ?? nonce, tree: change.tree ?? tree };
    return gate.end.mutate({ project, ...of, ...said });
  };
  const beat: GateHand['beat'] = async (...orders) => {
    const held = orders.map(({ run, nonce }) => ({ run, nonce }));
    const offer = { project, runner: name, slots: 1, containment: 'bubblewrap' as const };
    return (await gate.beat.mutate({ ...offer, held })).held.map(({ run }) => run);
  };
  const carryOut: GateHand['carryOut'] = async (exitCode = 0) => {
    const done: GateOrder[] = [];
    for (let order = await take(); order !== null; order = await take()) {
      await end(order, { exitCode });
      done.push(order);
    }
    return done;
  };
  return { ...hand, name, take, end, beat, carryOut };
}
