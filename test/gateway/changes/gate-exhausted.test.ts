import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { enginesOf } from '../../support/engines.ts';
import { planOf } from '../../support/fault-line.ts';
import { type Line, openLine } from '../../support/line.ts';
import { waitUntil } from '../../support/wait.ts';

/**
 * A stand-in for bubblewrap on a machine that is short of processes while `busy` is there; after that it
 * starts its command.
 */
const shortBubblewrap = (folder: string): string => `#!/bin/sh
while [ $# -gt 0 ] && [ "$1" != /bin/sh ]; do shift; done
[ $# -gt 0 ] || exit 0
echo tried >> ${folder}/tries
[ ! -e ${folder}/busy ] || { echo "bwrap: Can't fork: Resource temporarily unavailable" >&2; exit 1; }
echo '{ "child-pid": 1 }' >&3
exec "$@"
`;

describe.each(enginesOf(import.meta.filename))(
  'a gate on a machine without processes left, on %s',
  (engine) => {
    let line: Line;
    let folder: string;
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'andon-short-'));
      writeFileSync(join(folder, 'bwrap'), shortBubblewrap(folder));
      chmodSync(join(folder, 'bwrap'), 0o755);
      for (const name of ['busy', 'tries']) writeFileSync(join(folder, name), '');
      vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
      line = await openLine(engine, { plan: planOf(1), config: { abandonedMs: 500 } });
    });
    afterAll(async () => {
      await line?.close();
      vi.unstubAllEnvs();
      rmSync(folder, { recursive: true });
    });

    it('waits and is tried again; the work is not blamed', async () => {
      const hand = await line.mint('agent:a');
      const { change } = await line.offer(hand, 't0', { 'src/t0/a.ts': 'export {};\n' });
      await waitUntil(() => readFileSync(join(folder, 'tries'), 'utf8').split('tried').length > 2);
      expect((await line.change(change)).state).toBe('gating');
      rmSync(join(folder, 'busy'));
      await line.until(change, 'judging');
      const ended = (await line.events()).filter(({ type }) => type === 'gate.ended');
      expect(ended.map(({ data }) => data.passed)).toEqual([true]);
    });
  },
);
