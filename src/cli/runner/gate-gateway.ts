import type { GateGateway } from '../../runner/gates/gate-gateway.ts';
import type { GatePiece } from '../../runner/gates/pieces.ts';
import type { GateEvidence } from '../../sandbox/run-gate.ts';
import { asAndonError } from '../refusal.ts';
import type { RunnerLink } from './gateway.ts';

/** Most characters of a report's output as JSON: a call has a limit, and control characters count six times. */
const jsonMax = 800_000;

/** The gateway for a runner of gates, over the same router as for any client. */
export function gateGateway(link: RunnerLink, runner: string, prover: GateGateway['prover']): GateGateway {
  const { client, project } = link;
  return {
    // Read anew for each connection: a link to several gateways goes on to the next.
    get url() {
      return link.url;
    },
    get agent() {
      return link.agent;
    },
    missed: (error) => link.missed?.(error),
    prover,
    token: () => link.token(),
    take: async (offer, signal) =>
      (await client.gate.take.mutate({ project, runner, ...offer }, { signal })).taken,
    beat: async (offer, held, output, signal) => {
      const asked = {
        project,
        runner,
        ...offer,
        held: held.map((one) => ({ ...one })),
        output: fittingPieces(output),
      };
      return (await client.gate.beat.mutate(asked, { signal })).held;
    },
    end: async ({ run, nonce, tree }, result, signal) => {
      const { exitCode, timedOut, ms, containment } = result;
      const said = { exitCode, timedOut, ms, containment, output: fitting(result) };
      try {
        await client.gate.end.mutate({ project, run, nonce, tree, ...said }, { signal });
        return 'written';
      } catch (error) {
        if (asAndonError(error).reasons.some(({ code }) => code === 'gate.lost')) return 'lost';
        throw error;
      }
    },
    setupFailed: async ({ run, nonce }, why, signal) => {
      await client.gate.setupFailed.mutate({ project, run, nonce, why: why.slice(0, 4_000) }, { signal });
    },
    release: async (held, ends, signal) => {
      const asked = { project, runner, held: held.map((one) => ({ ...one })), ends };
      await client.gate.release.mutate(asked, { signal });
    },
    listen: (ring, signal) => listen(link, ring, signal),
  };
}

/** Pieces of output as far as a call has room for them: a sign of life must never be too long to arrive. */
function fittingPieces(pieces: readonly GatePiece[]): GatePiece[] {
  let left = jsonMax;
  return pieces.map((piece) => {
    left -= JSON.stringify(piece.text).length;
    return left >= 0 ? piece : { ...piece, text: `\n… ${piece.text.length} characters left out …\n` };
  });
}

/** The output, its middle left out where it would be too long as JSON. */
function fitting({ output }: GateEvidence): string {
  let text = output;
  for (let half = Math.floor(output.length / 2); JSON.stringify(text).length > jsonMax; ) {
    half = Math.floor(half / 2);
    text = `${output.slice(0, half)}\n… ${output.length - 2 * half} characters left out …\n${output.slice(-half)}`;
  }
  return text;
}

function listen({ client, project }: RunnerLink, ring: () => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const subscription = client.gate.offers.subscribe(
      { project },
      { onData: () => ring(), onError: reject, onComplete: () => resolve() },
    );
    const stop = (): void => {
      subscription.unsubscribe();
      resolve();
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
}
