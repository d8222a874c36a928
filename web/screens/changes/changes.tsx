import { type ReactNode, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { OutputOf } from '../../api/client.ts';
import { useAsk } from '../../api/query.ts';
import { useProject } from '../../frame/place.ts';
import { Age } from '../../parts/age.tsx';
import { Reasons } from '../../parts/reasons.tsx';
import { TableOut } from '../../parts/table-out.tsx';
import { nameWords, shortId, words } from '../../words.ts';
import './changes.css';

const states = ['gating', 'judging', 'approved', 'landing', 'landed', 'refused'] as const;
type State = (typeof states)[number];

const changePath = (project: string, id: string): string => `/p/${encodeURIComponent(project)}/c/${id}`;

/** Changes by state; on top the landing queue. */
export function Changes() {
  const project = useProject();
  if (project === undefined) return <PickProject />;
  return (
    <>
      <h1>Changes of {project}</h1>
      <Queue project={project} />
      <List project={project} />
    </>
  );
}

function PickProject() {
  const { data } = useAsk('project.list', { project: '*' });
  return (
    <section>
      <h1>Changes of which project?</h1>
      {(data ?? []).map(({ project }) => (
        <p key={project}>
          <Link href={`/p/${encodeURIComponent(project)}/changes`}>{project}</Link>
        </p>
      ))}
    </section>
  );
}

type Queued = OutputOf<'change.queue'>['rows'][number];

/** When it lands, or what holds it. */
function landsWords({ held, gatesLeft, expectedMinutes }: Queued): string {
  const [first] = held;
  if (first !== undefined) return `held: ${first.rule} (${first.found ?? first.code})`;
  const left = gatesLeft.length === 0 ? 'no gate left' : `gates left: ${gatesLeft.join(', ')}`;
  return expectedMinutes === null ? left : `${left} · about ${Math.ceil(expectedMinutes)} min`;
}

function Queue({ project }: { readonly project: string }) {
  const { data, error } = useAsk('change.queue', { project });
  if (error !== null) return <Reasons error={error} />;
  const rows = data?.rows ?? [];
  return (
    <section className="panel" aria-label="Landing queue">
      <h2>Landing queue ({rows.length})</h2>
      {rows.length === 0 ? <p className="quiet">Nothing waits to land.</p> : null}
      <ol className="queue">
        {rows.map((row) => (
          <li key={row.change} data-change={row.change}>
            <b>{row.position ?? '–'}</b> <Link href={changePath(project, row.change)}>{row.task}</Link>{' '}
            {nameWords(row.author)}
            {row.batch === null ? '' : ` · batch ${row.batch}`}
            {row.rebuilt > 0 ? ` · rebuilt ${row.rebuilt}×` : ''}{' '}
            <span className="quiet">{landsWords(row)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function List({ project }: { readonly project: string }) {
  const [search, setSearch] = useSearchParams();
  const named = states.filter((state) => search.getAll('state').includes(state));
  const toggle = (state: State): void => {
    const next = named.includes(state) ? named.filter((one) => one !== state) : [...named, state];
    setSearch(next.map((one): [string, string] => ['state', one]));
  };
  return (
    <section className="panel">
      <fieldset className="row states">
        <legend className="hidden">States</legend>
        {states.map((state) => (
          <button
            key={state}
            type="button"
            aria-pressed={named.includes(state)}
            onClick={() => toggle(state)}
          >
            {state}
          </button>
        ))}
      </fieldset>
      <Rows key={named.join()} project={project} states={named} />
      <TableOut name={`changes-${project}`} />
    </section>
  );
}

function Rows({ project, states: named }: { readonly project: string; readonly states: readonly State[] }) {
  const [cursors, setCursors] = useState<readonly (string | undefined)[]>([undefined]);
  return (
    <table>
      <caption className="hidden">Changes, the newest first</caption>
      <thead>
        <tr>
          {['change', 'task', 'state', 'since', 'by'].map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      {cursors.map((cursor, at) => (
        <Page
          key={cursor ?? 'first'}
          {...{ project, states: named, cursor, isLast: at === cursors.length - 1 }}
          more={(next) => setCursors([...cursors, next])}
        />
      ))}
    </table>
  );
}

interface OfPage {
  readonly project: string;
  readonly states: readonly State[];
  readonly cursor: string | undefined;
  readonly isLast: boolean;
  readonly more: (cursor: string) => void;
}

/** The input of one page of changes. */
const pageInput = ({ project, states: named, cursor }: OfPage) => ({
  project,
  ...(named.length === 0 ? {} : { states: [...named] }),
  ...(cursor === undefined ? {} : { cursor }),
});

function Page(page: OfPage) {
  const { data, error } = useAsk('change.page', pageInput(page));
  return (
    <tbody>
      <Wide isShown={error !== null}>
        <Reasons error={error} />
      </Wide>
      {data?.rows.map((row) => (
        <Row key={row.id} row={row} />
      ))}
      <Wide isShown={page.cursor === undefined && data?.rows.length === 0}>
        <span className="quiet">
          {page.states.length === 0 ? 'No change yet.' : 'No change in these states.'}
        </span>
      </Wide>
      <Wide isShown={page.isLast && data?.next !== undefined}>
        <button type="button" onClick={() => page.more(data?.next ?? '')}>
          Older changes
        </button>
      </Wide>
    </tbody>
  );
}

function Wide({ isShown, children }: { readonly isShown: boolean; readonly children: ReactNode }) {
  if (!isShown) return null;
  return (
    <tr>
      <td colSpan={5}>{children}</td>
    </tr>
  );
}

function Row({ row }: { readonly row: OutputOf<'change.page'>['rows'][number] }) {
  return (
    <tr data-change={row.id}>
      <td>
        <Link href={changePath(row.project, row.id)}>{shortId(row.id)}</Link>
      </td>
      <td>{row.task || words.merge}</td>
      <td>{row.state}</td>
      <td>
        <Age at={row.stateAt} />
      </td>
      <td>{nameWords(row.author)}</td>
    </tr>
  );
}
