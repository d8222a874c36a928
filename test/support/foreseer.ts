import { arrayText, type ForeseenCall } from '../../src/gateway/door/foreseen.ts';
import { newId } from '../../src/store/ids.ts';
import { type Statement, type Store, statement } from '../../src/store/store.ts';
import type { Grant } from '../../src/tiers/capability.ts';
import type { Engine } from './engines.ts';
import { startTestGateway, type TestGateway } from './gateway.ts';
import { waitUntil } from './wait.ts';

type TaskRow = Record<string, unknown> & { readonly id: string; readonly state: string };

/** A project with one implementer, whose calls are foreseen and made one by one. */
export interface Shop {
  readonly project: string;
  readonly grant: Grant;
  /** Makes the call as the door would; undefined when it has to go the whole way. */
  make<Answer = unknown>(call: ForeseenCall, grant?: Grant): Promise<Answer | undefined>;
  /** A claim that was allowed every class of the project. */
  claim(): Promise<ForeseenCall>;
  renew(task: string, lease: number): ForeseenCall;
  submit(task: string, lease: number): ForeseenCall;
  /** Another grant of the same agent. */
  anotherGrant(): Promise<Grant>;
  classOf(task: string): Promise<string>;
  task(id: string): Promise<TaskRow | undefined>;
  tasks(): Promise<TaskRow[]>;
  /** Runs SQL with the project as its only parameter. */
  sql<Row>(text: string): Promise<Row[]>;
  /** Every row that a call could have written. */
  everything(): Promise<unknown>;
}

export interface Foreseer {
  readonly gateway: TestGateway;
  /** A project of its own with these tasks (members of andon.yaml), done by artefacts. */
  shop(tasks: Readonly<Record<string, object>>): Promise<Shop>;
  /** Waits until a batch waits for a lock. PostgreSQL only. */
  untilWaiting(): Promise<void>;
  close(): Promise<void>;
}

/** What the rounds of every second ask for: leases that ran out, lines where everybody waits. */
const rounds = new Set(['leases.expired', 'blocked.suspects']);

/** The store without these rounds: what they change would come between two looks at the rows around a call. */
const withoutRounds = (store: Store): Store => ({
  engine: store.engine,
  get orm() {
    return store.orm;
  },
  rows: async <R>(asked: Statement, params?: readonly unknown[]) =>
    rounds.has(asked.name) ? [] : store.rows<R>(asked, params),
  transaction: (work) => store.transaction(work),
  listen: (channel, heard, lost) => store.listen(channel, heard, lost),
  close: () => store.close(),
});

export async function openForeseer(engine: Engine): Promise<Foreseer> {
  const gateway = await startTestGateway(engine, { extras: { watch: withoutRounds } });
  let shops = 0;
  return {
    gateway,
    shop: async (tasks) => {
      const project = `shop-${shops++}`;
      const whole = Object.entries(tasks).map(([id, more]) => [
        id,
        { title: id, phase: 'build', write: [`${id}/**`], ...more },
      ]);
      const plan = { version: 1, project, done: 'artefact', phases: ['build', 'harden'] };
      // Without a repository: nothing here looks at one, and making it is most of the time.
      await gateway.app.gateway.store.rows(
        statement('', `insert into projects (name, repository) values ($1, '')`),
        [project],
      );
      gateway.app.gateway.tokens.know(project);
      await gateway.owner.plan.put.mutate({
        project,
        text: JSON.stringify({ ...plan, tasks: Object.fromEntries(whole) }),
      });
      return openShop(gateway, project, await mintGrant(gateway, project));
    },
    untilWaiting: () =>
      waitUntil(async () => {
        const waiting = await gateway.app.gateway.store.rows(
          statement(
            '',
            `select from pg_locks where not granted and locktype in ('advisory', 'transactionid', 'tuple')`,
          ),
        );
        return waiting.length > 0;
      }),
    close: () => gateway.close(),
  };
}

async function mintGrant({ owner, app }: TestGateway, project: string): Promise<Grant> {
  const cap = { budget: { commits: 1 } };
  const { token } = await owner.token.mint.mutate({ project, agent: `agent:of-${project}`, cap });
  return app.gateway.tokens.authenticate(`Bearer ${token}`);
}

function openShop(gateway: TestGateway, project: string, grant: Grant): Shop {
  const { store, foresight } = gateway.app.gateway;
  const sql = <Row>(text: string): Promise<Row[]> => store.rows<Row>(statement('', text), [project]);
  const all = (table: string) => sql(`select * from ${table} where project = $1 order by 1, 2`);
  const tasks = () => sql<TaskRow>('select * from tasks where project = $1 order by position');
  let plan = '';
  const seen = async (): Promise<void> => {
    const [row] = await sql<{ hash: string }>('select plan_hash as hash from projects where name = $1');
    plan = row?.hash ?? '';
  };
  return {
    project,
    grant,
    make: (call, by = grant) => foresight.make(by, project, call),
    claim: async () => {
      if (plan === '') await seen();
      const allowed = [...new Set((await tasks()).map((task) => String(task.claim_class)))];
      const classes = { allowed: arrayText(allowed), refused: '{}' };
      return { kind: 'claim', plan, leaseMs: 60_000, ...classes };
    },
    renew: (task, lease) => ({
      kind: 'renew',
      plan,
      task,
      lease,
      data: JSON.stringify({ epoch: lease }),
    }),
    submit: (task, lease) => {
      const [change, tree] = [newId('change'), 'artefact:made'];
      const answer = JSON.stringify({ change, tree, candidate: '', gates: [] });
      const data = JSON.stringify({ task, epoch: lease });
      const made = { change, tree, note: 'made', lin: arrayText(grant.lin), answer, data };
      return { kind: 'submit', plan, task, lease, ...made };
    },
    anotherGrant: () => mintGrant(gateway, project),
    classOf: async (id) => String((await tasks()).find((task) => task.id === id)?.claim_class),
    task: async (id) => (await tasks()).find((task) => task.id === id),
    tasks,
    sql,
    everything: async () => ({
      tasks: await all('tasks'),
      changes: await all('changes'),
      requests: await sql(`select * from requests where principal = '${grant.sub}' and $1::text is not null`),
      events: await sql('select id, type, subject from events where project = $1 order by seq'),
    }),
  };
}
