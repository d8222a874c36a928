import type { GateNews } from '../../gateway/changes/gate-follow.ts';
import { tookWords } from '../../lib/durations.ts';
import type { Answer, Run } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { untilInterrupted } from '../follow.ts';
import { printableText } from '../printable.ts';

/** News without times: over the wire they are text. */
type ShownNews = Omit<GateNews, 'startedAt'>;

/** Prints a gate's states and output while it is carried out; ends with it. */
export async function followGate(
  { link, terminal }: Run<object>,
  change: string,
  gate: string,
): Promise<Answer> {
  const at = await link();
  const end = untilInterrupted();
  let last: ShownNews | undefined;
  try {
    await listen(at, { change, gate, signal: end.signal }, (news) => {
      if (terminal.json) terminal.data(JSON.stringify(news));
      else {
        const words = stateWords(news);
        if (words !== (last === undefined ? '' : stateWords(last))) terminal.talk(`${gate}: ${words}`);
        const text = printableText(news.output.replace(/\n$/, ''));
        if (text !== '') terminal.data(text);
      }
      last = news;
    });
  } finally {
    end.release();
  }
  const passed = last?.status === 'passed';
  return { data: last ?? null, lines: [], exit: passed || end.signal.aborted ? 'ok' : 'failed' };
}

/** The state of a gate in words: where it runs, and how long it usually takes. */
function stateWords({ status, runner, medianMs, ms, exitCode }: ShownNews): string {
  const usual = medianMs === null ? '' : `, usually ${tookWords(medianMs)}`;
  if (status === 'waiting') return `waits for a slot${usual}`;
  if (status === 'running') return `runs on ${runner ?? 'gateway'}${usual}`;
  const took = ms === null ? '' : ` in ${tookWords(ms)}`;
  return `${status}${took}${exitCode === null ? '' : `, exit ${exitCode}`}`;
}

function listen(
  { client, project }: GatewayLink,
  { change, gate, signal }: { readonly change: string; readonly gate: string; readonly signal: AbortSignal },
  heard: (news: ShownNews) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const subscription = client.gate.follow.subscribe(
      { project, change, gate },
      {
        onData: (news) => {
          heard(news);
          // The stream of an ended gate would be opened again.
          if (news.status === 'passed' || news.status === 'failed') stop();
        },
        onError: reject,
        onComplete: () => resolve(),
      },
    );
    const stop = (): void => {
      subscription.unsubscribe();
      resolve();
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
}
