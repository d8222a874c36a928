import { afterAll, describe, expect, it } from 'vitest';
import { createAnalyser } from '../../src/analysis/analyser.ts';
import { createPool } from '../../src/analysis/pool.ts';
import { startResident } from '../../src/analysis/resident.ts';
import { stopFor } from '../support/stop-for.ts';

const analyser = createAnalyser();
afterAll(() => analyser.close());

const slow = `x = ${'async(a='.repeat(23)}`;

const asked = (text: string) => ({ kind: 'js', bytes: Buffer.from(text) }) as const;

describe('the analyser', () => {
  it('answers in the order of the files, with no units for what is no source', async () => {
    const files = ['b.ts', 'a.md', 'a.ts'].map((path) => ({ path, content: 'let a = 1' }));
    const found = await analyser.measure(files);
    expect(found.map((one) => [one.path, 'units' in one ? one.units.length : 'refused'])).toEqual([
      ['b.ts', 1],
      ['a.md', 0],
      ['a.ts', 1],
    ]);
  });

  it('refuses a file that was too large to be read, and passes over one that is no source', async () => {
    const content = { sizeBytes: 2 ** 40 };
    const found = await analyser.measure([
      { path: 'a.ts', content },
      { path: 'a.png', content },
    ]);
    expect(found).toMatchObject([
      { refusal: { code: 'source.size', found: '1099511627776 bytes' } },
      { units: [] },
    ]);
  });

  it('knows the same bytes again, and not as another kind', async () => {
    const one = createAnalyser({ processesMax: 1 });
    const file = { path: 'a.tsx', content: 'const a = <b>1</b>' };
    const [first] = await one.measure([file]);
    const [second] = await one.measure([{ ...file, path: 'b.tsx' }]);
    const [other] = await one.measure([{ ...file, path: 'a.ts' }]);
    one.close();
    expect(second).toMatchObject({ path: 'b.tsx' });
    expect((second as { units?: unknown }).units).toBe((first as { units?: unknown }).units);
    expect(other).toMatchObject({ refusal: { code: 'source.syntax' } });
  });

  it('does not remember an overrun against a file', async () => {
    const one = createAnalyser({ processesMax: 1, deadlineMs: 100 });
    const poison = { path: 'a.js', content: slow };
    for (let turn = 0; turn < 2; turn += 1) {
      const startMs = performance.now();
      expect(await one.measure([poison])).toMatchObject([{ refusal: { found: 'no answer within 100 ms' } }]);
      expect(performance.now() - startMs).toBeGreaterThan(90);
    }
    one.close();
  });

  it('refuses what a call does not reach in its time', async () => {
    const one = createAnalyser({ callMsMax: 0 });
    expect(await one.measure([{ path: 'a.ts', content: '' }])).toMatchObject([
      { refusal: { code: 'source.timeout' } },
    ]);
  });

  it('measures each file beside one that outlasts its process, in two deadlines at most', async () => {
    const one = createAnalyser({ processesMax: 1, deadlineMs: 500 });
    await one.measure([{ path: 'a.js', content: '1' }]);
    const files = Array.from({ length: 40 }, (_, n) => ({
      path: `${n}.js`,
      content: [7, 30].includes(n) ? `${slow}${n}` : `let a = ${n}`,
    }));
    const found = await one.measure(files);
    const refused = found.flatMap((file) => ('refusal' in file ? [[file.path, file.refusal.found]] : []));
    const late = found.flatMap(({ path }, n) => (n > 30 ? [[path, 'not analysed']] : []));
    expect(refused.slice(0, 2)).toEqual([
      ['7.js', 'no answer within 500 ms'],
      ['30.js', 'no answer within 500 ms'],
    ]);
    // Files after the second may have been measured before it, or not be read at all.
    expect(late).toEqual(expect.arrayContaining(refused.slice(2)));
    one.close();
  });

  it('throws source.busy when the queue is full and after it was closed', async () => {
    const one = createAnalyser({ processesMax: 1, queueMax: 1, deadlineMs: 500 });
    const calls = [1, 2, 3].map((at) => one.measure([{ path: 'a.js', content: `${slow}${at}` }]));
    const endings = await Promise.allSettled(calls);
    expect(endings.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(endings[2]).toMatchObject({ reason: { code: 'source.busy' } });
    one.close();
    await expect(one.measure([{ path: 'a.js', content: '1' }])).rejects.toMatchObject({
      code: 'source.busy',
    });
  });

  it('throws source.busy from calls under way and waiting when it is closed', async () => {
    const one = createAnalyser({ processesMax: 1, deadlineMs: 20_000 });
    await one.measure([{ path: 'a.js', content: '1' }]);
    const calls = [1, 2].map((at) => one.measure([{ path: 'a.js', content: `${slow}${at}` }]));
    one.close();
    for (const ending of await Promise.allSettled(calls)) {
      expect(ending).toMatchObject({ status: 'rejected', reason: { code: 'source.busy' } });
    }
  });
});

describe('a resident process', () => {
  it('dies at its deadline and is good for nothing afterwards', async () => {
    const one = await startResident();
    expect(await one.ask([asked(slow)], 100)).toEqual({ answers: [], fault: { timedOut: true } });
    expect(one.isAlive()).toBe(false);
    expect(await one.ask([asked('1')], 1_000)).toHaveProperty('fault.died');
  });

  it('has until its deadline however long we were stopped', async () => {
    const one = await startResident();
    const waited = one.ask([asked('let a')], 1_000);
    stopFor(3_000);
    expect(await waited).toHaveProperty('answers.length', 1);
    one.kill();
  });

  it('tells that it died when somebody else kills it', async () => {
    const one = await startResident();
    const ending = one.ask([asked(slow)], 20_000);
    process.kill(one.pid ?? Number.NaN, 'SIGKILL');
    expect(await ending).toEqual({ answers: [], fault: { died: 'exit SIGKILL' } });
  });

  it('answers what came before the question that kills it, and has the deadline anew for each', async () => {
    const one = await startResident();
    const { answers, fault } = await one.ask([asked('1'), asked('2'), asked(slow), asked('3')], 1_000);
    expect(answers).toHaveLength(2);
    expect(fault).toEqual({ timedOut: true });
  });

  it('has handed over an answer of megabytes before the next question holds it', async () => {
    const one = await startResident();
    const { answers, fault } = await one.ask([asked('()=>0;'.repeat(20_000)), asked(slow)], 5_000);
    expect(answers).toHaveLength(1);
    expect(fault).toEqual({ timedOut: true });
  });

  it('has nothing of our environment', async () => {
    const one = await startResident();
    const { readFileSync } = await import('node:fs');
    const environment = readFileSync(`/proc/${one.pid}/environ`, 'utf8').split('\u0000').filter(Boolean);
    one.kill();
    // Variables that Node needs for the channel to its parent.
    expect(environment.filter((line) => !line.startsWith('NODE_CHANNEL_'))).toEqual([]);
  });
});

describe('the pool', () => {
  it('gives a file a second process when the first was killed from outside', async () => {
    const killed: number[] = [];
    const pool = createPool({
      sizeMax: 1,
      queueMax: 1,
      deadlineMs: 20_000,
      start: async () => {
        const one = await startResident();
        // Only the first resident dies, before it is asked.
        if (killed.length === 0) {
          killed.push(one.pid ?? 0);
          process.kill(one.pid ?? Number.NaN, 'SIGKILL');
        }
        return one;
      },
    });
    expect(await pool.ask([asked('let a'), asked('let b')])).toMatchObject([
      { units: [{}] },
      { units: [{}] },
    ]);
    expect(killed).toHaveLength(1);
    pool.close();
  });
});
