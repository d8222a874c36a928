import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { follow } from '../../../src/cli/follow.ts';
import { createClient } from '../../../src/client.ts';
import { engines } from '../../support/engines.ts';
import { type Line, openLine } from '../../support/line.ts';
import { waitUntil } from '../../support/wait.ts';

const plan = `version: 1
project: shop
done: artefact
phases: [build]
tasks:
  note: { title: n, phase: build, requires: [typing] }
`;

/** Writes a report over any break of the connection; the request id keeps it from being written twice. */
async function persist({ url, ownerToken, project }: Line, n: number): Promise<string> {
  const client = createClient({ url, token: ownerToken, requestId: `report-${n}` });
  const write = async (): Promise<string> => {
    const report = { project, kind: 'report' as const, title: `number ${n}`, body: 'text' };
    return (await client.report.write.mutate(report)).report;
  };
  return write().catch(write);
}

describe.each(engines)('the stream of events on %s', (engine) => {
  let line: Line;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
  });
  afterAll(() => line.close());

  it('resumes behind the last event when its connection is cut in the middle, and loses and repeats none', async () => {
    const { project, owner } = line;
    const { latest } = await owner.event.list.query({ project, after: 0, limit: 1 });
    const seen: string[] = [];
    const end = new AbortController();
    const link = { client: owner } as Parameters<typeof follow>[0];
    const reading = (async () => {
      const options = { project, after: latest, types: ['report.written' as const], signal: end.signal };
      for await (const event of follow(link, options)) seen.push(event.subject);
    })();
    const written: string[] = [];
    const count = 200;
    for (let n = 0; n < count; n++) {
      written.push(`report/${await persist(line, n)}`);
      // Every connection of the gateway is cut, that of the stream among them, while events go on.
      if (n % 50 === 25) line.app.server.closeAllConnections();
    }
    await waitUntil(() => seen.length >= count, 20_000);
    end.abort();
    await reading;
    expect(seen).toEqual(written);
  }, 60_000);
});

describe.each(engines)('the epoch of the whole gateway on %s', (engine) => {
  it('raised, ends every token but locks the owner out for no longer than a moment', async () => {
    const line = await openLine(engine, { plan });
    try {
      const before = line.ownerToken();
      const other = await line.mint('agent:other');
      await line.owner.token.raiseEpoch.mutate({ project: '*', why: 'a test' });
      await waitUntil(() => line.ownerToken() !== before, 10_000);
      const { project } = line;
      await expect(line.owner.task.list.query({ project })).resolves.toHaveLength(1);
      await expect(line.client(before).task.list.query({ project })).rejects.toThrow('token.revoked');
      await expect(other.client.task.list.query({ project })).resolves.toHaveLength(1);
    } finally {
      await line.close();
    }
  });
});

describe.each(engines)('a validator whose grant is bound to one task on %s', (engine) => {
  it('judges that task’s change and no other', async () => {
    const two = `version: 1
project: shop
done: artefact
phases: [build]
tasks:
  one: { title: n, phase: build }
  two: { title: n, phase: build }
`;
    const line = await openLine(engine, { plan: two });
    try {
      const { project } = line;
      const builder = await line.mint('agent:b', { tier: 'implementer' });
      const judge = await line.mint('agent:v', { tier: 'validator', task: 'one' });
      const offer = async (task: string) => {
        const { task: held } = await builder.client.task.claim.mutate({ project, task });
        const epoch = held?.epoch ?? 0;
        return builder.client.change.submit.mutate({ project, task, epoch, artefact: `${task}.md` });
      };
      const [one, two_] = [await offer('one'), await offer('two')];
      const approve = ({ change, tree }: { change: string; tree: string }) =>
        judge.client.verdict.approve.mutate({ project, change, tree });
      await expect(approve(two_)).rejects.toThrow('grant.task');
      await expect(approve(one)).resolves.toMatchObject({ verdict: 'approve' });
    } finally {
      await line.close();
    }
  });
});
