import { expect, it } from 'vitest';
import { whyNoNetwork } from '../support/network-namespace.ts';
import { tellStory } from '../support/upstream-story.ts';

const missing = whyNoNetwork();
if (missing !== undefined)
  console.error(`SKIPPED: two runners in networks of their own, and an upstream: ${missing}`);

it.skipIf(missing !== undefined)(
  'two runners, one of which dies, and a colleague who pushes twice: all is on both mains, and the log says who vouches',
  async () => {
    const gate = '{ run: "sleep 0.5; test -e README.md", timeout: 1m }';
    const end = await tellStory({ gate, changes: 3, path: process.env.PATH ?? '', withinMs: 60_000 });
    expect(end).toMatchObject({ faults: [], isSame: true, missing: [] });
    expect(end.runners).toContain('box-2');
    expect(end.log.join('\n')).toMatch(
      /Andon: Merge the upstream at .*\nAndon-Approved: by human:.*\nAndon-Vouched: by gat_/,
    );
  },
);
