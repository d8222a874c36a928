import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Held, openSoak, type Soak, type SoakSize } from './soak.ts';
import { waitUntil } from './wait.ts';

/** Growth that is allowed: connections that are kept open for the next call, and reserves of the runtime. */
const slack = { descriptors: 12, timers: 6, sockets: 6, folders: 4, megabytes: 120 };

const tenth = (size: SoakSize): SoakSize => ({
  pushes: Math.ceil(size.pushes / 10),
  gates: Math.ceil(size.gates / 10),
  runs: Math.ceil(size.runs / 10),
  subscriptions: Math.ceil(size.subscriptions / 10),
});

/**
 * Describes one `andon up` that works for long; everything that it held falls back to the level after a tenth
 * of the work.
 */
export function describeSoak(size: SoakSize, withinMs: number): void {
  const { pushes, gates, runs, subscriptions } = size;
  const title = `${pushes} pushes, ${gates} gates, ${runs} runs and ${subscriptions} subscriptions`;
  describe('a gateway and its runner', () => {
    let soak: Soak;
    beforeAll(async () => {
      soak = await openSoak(size);
    });
    afterAll(() => soak?.close(), 60_000);

    it(
      `hold after ${title} what they held before`,
      async () => {
        await soak.work(tenth(size));
        const before = await settled(soak, (held) => held.resources.ProcessWrap !== undefined);
        await soak.work(size);
        let after = before;
        const faults = (): string[] => grown(before, after);
        await waitUntil(async () => {
          after = await soak.held();
          return faults().length === 0;
        }, 90_000).catch(() => undefined);
        console.log(JSON.stringify({ before, after }));
        expect(faults()).toEqual([]);
        expect(soak.said()).not.toMatch(/MaxListenersExceededWarning|EMFILE|too many/i);
      },
      withinMs,
    );
  });
}

async function settled(soak: Soak, isQuiet: (held: Held) => boolean): Promise<Held> {
  let held = await soak.held();
  await waitUntil(async () => {
    held = await soak.held();
    return isQuiet(held);
  });
  return held;
}

/** The resources that grew by more than the allowed amount. */
function grown(before: Held, after: Held): string[] {
  const count = ({ resources }: Held, kind: RegExp): number =>
    Object.entries(resources).reduce((sum, [name, n]) => sum + (kind.test(name) ? n : 0), 0);
  const rows: [string, number, number, number][] = [
    ['processes', before.processes, after.processes, 0],
    ['descriptors', before.descriptors, after.descriptors, slack.descriptors],
    ['timers', count(before, /Timeout/), count(after, /Timeout/), slack.timers],
    ['sockets', count(before, /Socket|Pipe/), count(after, /Socket|Pipe/), slack.sockets],
    ['folders', before.folders, after.folders, slack.folders],
    ['megabytes', before.megabytes, after.megabytes, slack.megabytes],
  ];
  return rows
    .filter(([, was, is, more]) => is > was + more)
    .map(([what, was, is]) => `${what}: ${was} became ${is}`);
}
