import { setTimeout as delay } from 'node:timers/promises';
import type { EndReport, RunnerGateway } from './protocol.ts';

const reportMsMax = 15 * 60_000;
const reportCallMs = 15_000;

/** Reports the end of a run until the gateway has heard it, or has given the run up. */
export async function reportEnd(
  gateway: RunnerGateway,
  id: string,
  report: EndReport,
  say: (run: string, words: string) => void,
): Promise<void> {
  for (let waitMs = 200, waitedMs = 0; waitedMs < reportMsMax; waitMs = Math.min(waitMs * 2, 10_000)) {
    try {
      const answer = await gateway.end(id, report, AbortSignal.timeout(reportCallMs));
      say(id, answer === 'lost' ? 'was given up by the gateway' : `${answer.outcome}: ${answer.note}`);
      return;
    } catch (error) {
      say(id, `its end could not be reported yet: ${error instanceof Error ? error.message : String(error)}`);
      await delay(waitMs);
      waitedMs += waitMs;
    }
  }
}
