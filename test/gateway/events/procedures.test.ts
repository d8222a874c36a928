import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { follow } from '../../../src/cli/follow.ts';
import { createClient } from '../../../src/client.ts';
import { enginesOf } from '../../support/engines.ts';
import { codesOf, type Line, openLine, passTime, refusal } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';
import { waitUntil } from '../../support/wait.ts';

const plan = `${planHead({ done: 'artefact' })}
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

describe.each(enginesOf(import.meta.filename))('the stream of events on %s', (engine) => {
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
    const link = { client: owner, token: async () => '' } as Parameters<typeof follow>[0];
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
    await waitUntil(() => seen.length >= count);
    end.abort();
    await reading;
    expect(seen).toEqual(written);
  });

  it('ends with the grant of its reader, before the next event', async () => {
    const { project, owner } = line;
    const reader = await line.mint('agent:reader');
    const seen: string[] = [];
    const ended = new Promise<Error>((done) => {
      reader.client.event.stream.subscribe(
        { project, types: ['report.written'] },
        { onData: ({ data }) => seen.push(data.subject), onError: done },
      );
    });
    await waitUntil(async () => {
      if (seen.length === 0) await persist(line, 1001 + Math.random());
      return seen.length > 0;
    });
    await owner.token.revoke.mutate({ project, kind: 'grant', value: reader.grant, why: 'a test' });
    const before = seen.length;
    await persist(line, 2000);
    expect(String((await ended).message)).toContain('revoked');
    expect(seen).toHaveLength(before);
  });
});

describe.each(enginesOf(import.meta.filename))('the epoch of the whole gateway on %s', (engine) => {
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

describe.each(enginesOf(import.meta.filename))(
  'a validator whose grant is bound to one task on %s',
  (engine) => {
    it('judges that task’s change and no other', async () => {
      const two = `${planHead({ done: 'artefact' })}
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
  },
);

describe.each(enginesOf(import.meta.filename))('the list of events on %s', (engine) => {
  let line: Line;
  let report: string;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
    await line.mint('agent:one');
    await line.mint('agent:two');
    await passTime(7_200_000, line);
    report = await persist(line, 1);
    await waitUntil(async () => (await list()).events.at(-1)?.type === 'report.written');
  });
  afterAll(() => line.close());
  type Search = Parameters<Line['owner']['event']['list']['query']>[0];
  const list = (search: Omit<Search, 'project'> = {}) =>
    line.owner.event.list.query({ project: line.project, ...search });
  const positions = async (search: Omit<Search, 'project'>) =>
    (await list(search)).events.map(({ position }) => position);

  it('shows the latest, the newest last, and reads on forwards and backwards', async () => {
    const { events: all, latest } = await list();
    const every = all.map(({ position }) => position);
    expect(every).toEqual([...every].sort((one, other) => one - other));
    expect(every.at(-1)).toBe(latest);
    expect(await positions({ limit: 2 })).toEqual(every.slice(-2));
    expect(await positions({ limit: 2, before: every.at(-2) ?? 0 })).toEqual(every.slice(-4, -2));
    expect(await positions({ limit: 2, after: 0 })).toEqual(every.slice(0, 2));
    expect(await positions({ limit: 2, after: every[1] ?? 0 })).toEqual(every.slice(2, 4));
  });

  it('chooses by type, actor and subject', async () => {
    const types = ['grant.minted', 'report.written'] as const;
    expect((await list({ types: [...types] })).events.map(({ type }) => type)).toEqual([types[0], ...types]);
    expect((await list({ actor: 'gateway' })).events.every(({ actor }) => actor === 'gateway')).toBe(true);
    expect((await list({ actor: 'agent:nobody' })).events).toEqual([]);
    const whole = `report/${report}`;
    const short = `report/${report.slice(0, 4)}${report.slice(-8)}`;
    for (const subject of [whole, short])
      expect((await list({ subject })).events.map((one) => one.subject)).toEqual([whole]);
    expect((await list({ subject: 'report' })).events).toEqual([]);
    const refused = await refusal(list({ types: ['no.such' as 'task.done'] }));
    expect(refused[0]?.code).toBe('request.invalid');
  });

  it('chooses by time: dates in UTC, or ages by the clock of the database', async () => {
    const { events: all } = await list();
    const last = all.at(-1);
    if (last === undefined) throw new Error('no event');
    const later = await list({ since: '1h' });
    expect(later.events.every(({ type }) => type !== 'grant.minted')).toBe(true);
    expect(later.events.at(-1)?.position).toBe(last.position);
    const earlier = await list({ until: '1h' });
    expect(earlier.events.at(-1)?.position).toBe((later.events[0]?.position ?? 0) - 1);
    const day = new Date(Date.parse(last.at) + 86_400_000).toISOString();
    for (const since of [day, day.slice(0, 10), `${day.slice(0, 19).replace('T', ' ')}Z`])
      expect((await list({ since })).events, since).toEqual([]);
    expect((await list({ since: '2020-01-31', until: day })).events).toHaveLength(all.length);
    // Exactly its time is `since` and not before `until`.
    expect(await positions({ since: last.at, limit: 1 })).toEqual([last.position]);
    expect(await positions({ until: last.at })).not.toContain(last.position);
    for (const since of ['yesterday', '2030-13-01', '2030-01-31T12:00+01:00', ''])
      expect(await codesOf(list({ since })), since).toEqual(['request.invalid']);
  });

  it('shows a report by its id, whole or short, and only of its project', async () => {
    const show = (id: string) => line.owner.report.show.query({ project: line.project, report: id });
    const short = `${report.slice(0, 4)}${report.slice(-8)}`;
    for (const id of [report, short]) expect(await show(id)).toMatchObject({ id: report, body: 'text' });
    expect(await codesOf(show('rpt_00000000'))).toEqual(['report.missing']);
    await line.owner.project.create.mutate({ project: 'other' });
    const other = line.owner.report.show.query({ project: 'other', report });
    expect(await codesOf(other)).toEqual(['report.missing']);
  });
});
