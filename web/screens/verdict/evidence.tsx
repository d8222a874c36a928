import { useState } from 'react';
import { Link } from 'wouter';
import type { OutputOf } from '../../api/client.ts';
import { useAsk } from '../../api/query.ts';
import { useAction } from '../../parts/action.ts';
import { plain } from '../../parts/plain.ts';
import { Reasons } from '../../parts/reasons.tsx';
import { ageWords, nameWords, shortId } from '../../words.ts';
import { Checks } from './checks.tsx';
import { Compare } from './compare.tsx';

type Change = OutputOf<'change.show'>;
type Gate = Change['gates'][number];

/** What the run said beside what is true: gates with their output, and the attempts before. */
export function Evidence({ change }: { readonly change: Change }) {
  return (
    <div className="evidence">
      <Claims change={change} />
      <section>
        <h2>Gates</h2>
        {change.gates.length === 0 ? <p className="quiet">none</p> : null}
        {change.gates.map((gate) => (
          <GateOutput key={gate.id} gate={gate} change={change} />
        ))}
      </section>
      <Checks project={change.project} change={change.id} />
      <Verdicts change={change} />
      <Earlier change={change} />
    </div>
  );
}

const signOf: Readonly<Record<string, string>> = {
  passed: '●',
  failed: '■',
  running: '○',
  waiting: '◆',
  void: '▲',
};

function GateOutput({ gate, change }: { readonly gate: Gate; readonly change: Change }) {
  const { status, gate: name, ms, output, manual } = gate;
  const title = `${signOf[status] ?? ''} ${name} ${status}${ms === null ? '' : ` ${ageWords(ms / 1000)}`}`;
  if (manual && status === 'waiting') return <PassGate name={name} change={change} />;
  return (
    <details>
      <summary>{title}</summary>
      <pre>{output === null || output === '' ? 'no output' : plain(output)}</pre>
    </details>
  );
}

function PassGate({ name, change }: { readonly name: string; readonly change: Change }) {
  const [note, setNote] = useState('');
  const { isAsked, error, run } = useAction('gate.pass');
  const pass = (): void =>
    void run({ project: change.project, change: change.id, gate: name, tree: change.tree, note });
  return (
    <div className="row">
      <span>◆ {name} waits for a person</span>
      <input
        aria-label={`Note on gate ${name}`}
        placeholder="note"
        value={note}
        onChange={({ target }) => setNote(target.value)}
      />
      <button type="button" disabled={isAsked} onClick={pass}>
        Pass
      </button>
      <Reasons error={error} />
    </div>
  );
}

/** The words of the run about itself, beside the evidence. */
function Claims({ change }: { readonly change: Change }) {
  const ofTask = change.task !== '';
  const { data } = useAsk('run.list', { project: change.project, task: change.task, limit: 20 }, ofTask);
  const run = data?.runs.find(({ agent }) => agent === change.author);
  const { data: shown } = useAsk(
    'run.show',
    { project: change.project, run: run?.id ?? '' },
    run !== undefined,
  );
  const passed = change.gates.filter(({ status }) => status === 'passed').length;
  return (
    <section>
      <h2>Claims | evidence</h2>
      <p>said: {shown === undefined ? 'no run: worked by hand' : claimWords(shown)}</p>
      <p>
        true: change {change.state}, gates {passed}/{change.gates.length} passed
        {shown === undefined ? '' : `, run ${shown.outcome ?? shown.state}`}
      </p>
    </section>
  );
}

const claimWords = ({ verdict, outcome }: OutputOf<'run.show'>): string => {
  if (verdict === null) return outcome === null ? 'nothing yet, the run goes on' : 'no verdict file';
  return plain(`“${verdict.result}: ${verdict.summary}”`);
};

/** The verdicts that were given, by whom. */
function Verdicts({ change: { verdicts } }: { readonly change: Change }) {
  return (
    <section aria-label="Verdicts">
      <h2>Verdicts ({verdicts.length})</h2>
      {verdicts.map(({ id, byAgent, approve, reasons }) => (
        <p key={id}>
          {approve ? '● ' : '■ '}
          {nameWords(byAgent)} {approve ? 'approved' : 'rejected'} {plain(reasons.join('; '))}
        </p>
      ))}
    </section>
  );
}

type Attempt = OutputOf<'change.page'>['rows'][number];

function Earlier({ change }: { readonly change: Change }) {
  const ofTask = change.task !== '';
  const { data } = useAsk('change.page', { project: change.project, task: change.task }, ofTask);
  const earlier = data?.rows.filter(({ id }) => id !== change.id) ?? [];
  return (
    <section>
      <h2>Other attempts ({earlier.length})</h2>
      {earlier.map((attempt) => (
        <Other key={attempt.id} change={change} attempt={attempt} />
      ))}
    </section>
  );
}

/** Another attempt at the task, and what became of it since, once somebody asks. */
function Other({ change, attempt }: { readonly change: Change; readonly attempt: Attempt }) {
  const [isOpen, setOpen] = useState(false);
  const { id, state, note } = attempt;
  return (
    <>
      <p className="row">
        <Link href={`/p/${encodeURIComponent(change.project)}/c/${id}`}>{shortId(id)}</Link> {state}{' '}
        {plain(note ?? '')}
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          Changed since {shortId(id)}
        </button>
      </p>
      {isOpen ? <Compare change={change} against={id} /> : null}
    </>
  );
}
