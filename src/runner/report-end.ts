import { setTimeout as delay } from 'node:timers/promises';
import type { ContextReport } from './context/context-report.ts';
import type { EndReport, RunnerGateway } from './protocol.ts';

const reportMsMax = 15 * 60_000;
const reportCallMs = 15_000;
const contextCallMs = 5_000;

/** Reports the context of a run, once: the end of the run does not wait for it, and a gateway of an earlier version takes none. */
export async function reportContext(
  gateway: RunnerGateway,
  id: string,
  report: ContextReport | undefined,
  cover: (text: string) => string,
): Promise<void> {
  if (report === undefined) return;
  const parts = report.parts.map((part) => ({ ...part, source: cover(part.source), why: cover(part.why) }));
  await gateway.context(id, { ...report, parts }, AbortSignal.timeout(contextCallMs)).catch(() => undefined);
}

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
