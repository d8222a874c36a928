import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useAsk } from '../api/query.ts';
import { newRequestId } from '../api/session.ts';
import { actAndWatch } from '../live/accepted.ts';
import { refresh } from '../live/store.ts';
import { Reasons } from '../parts/reasons.tsx';
import { heldWords, words } from '../words.ts';
import { isText } from './keys.tsx';
import { useProject } from './place.ts';

/** The cord: on every screen, two keys and a sentence away. */
export function Cord() {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const heard = (event: KeyboardEvent): void => {
      if (event.key !== '.' || isText(event)) return;
      event.preventDefault();
      setOpen(true);
    };
    addEventListener('keydown', heard);
    return () => removeEventListener('keydown', heard);
  }, []);
  return (
    <>
      <button type="button" className="cord-button" onClick={() => setOpen(true)}>
        ◉ {words.pull} <kbd>.</kbd>
      </button>
      {isOpen ? <CordDialog close={() => setOpen(false)} /> : null}
    </>
  );
}

/** Scopes of a pull: the task that is looked at, the project, everything. */
function scopesOf(project: string | undefined): readonly (readonly [string, string])[] {
  const [, task] = /\/t\/([^/]+)/.exec(location.pathname) ?? [];
  return [
    ...(task === undefined ? [] : [[`task/${task}`, `task ${task}`] as const]),
    ...(project === undefined ? [] : [['project', `project ${project}`] as const]),
    ['all', 'all projects'] as const,
  ];
}

type Asked = { readonly colour: 'yellow' | 'red'; readonly scope: string; readonly why: string };

/** The project of a pull: the one that is looked at, or all. */
const pulledIn = ({ scope }: Asked, project: string | undefined): string =>
  scope === 'all' ? '*' : (project ?? '*');

async function pull(asked: Asked, project: string | undefined, id: string): Promise<void> {
  await actAndWatch('cord.pull', { project: pulledIn(asked, project), ...asked }, id);
  await refresh();
}

/** The things that a pull would hold now, by a dry run of the same decision. */
function Hits({ asked, project }: { readonly asked: Asked; readonly project: string | undefined }) {
  const input = { colour: asked.colour, scope: asked.scope, why: 'a dry run' };
  const { data } = useAsk('page.preview', { project: pulledIn(asked, project), action: 'cord.pull', input });
  if (data === undefined) return <p className="quiet">Asking what it would hold …</p>;
  const [first] = data.refused;
  const count = (kind: string): number => data.effects.filter((one) => one.kind === kind).length;
  const held = { runs: count('run'), tasks: count('task'), landings: count('landing') };
  return <p>{first === undefined ? `Would hold now: ${heldWords(held)}.` : first.rule}</p>;
}

const colours = {
  yellow: '▲ yellow: nothing new is claimed',
  red: '■ red: nothing is claimed, spawned or landed',
} as const;

interface Fields {
  readonly asked: Asked;
  readonly set: (asked: Asked) => void;
  readonly project: string | undefined;
}

function CordFields({ asked, set, project }: Fields) {
  return (
    <>
      <label>
        Why
        <input
          value={asked.why}
          maxLength={2000}
          required
          onChange={({ target }) => set({ ...asked, why: target.value })}
        />
      </label>
      <fieldset>
        <legend>Colour</legend>
        {(['yellow', 'red'] as const).map((colour) => (
          <label key={colour}>
            <input
              type="radio"
              name="colour"
              checked={asked.colour === colour}
              onChange={() => set({ ...asked, colour })}
            />
            {colours[colour]}
          </label>
        ))}
      </fieldset>
      <label>
        Scope
        <select value={asked.scope} onChange={({ target }) => set({ ...asked, scope: target.value })}>
          {scopesOf(project).map(([value, title]) => (
            <option key={value} value={value}>
              {title}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}

function CordDialog({ close }: { readonly close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [requestId] = useState(newRequestId);
  const project = useProject();
  const first = scopesOf(project)[0]?.[0] ?? 'all';
  const [asked, setAsked] = useState<Asked>({ colour: 'yellow', scope: first, why: '' });
  const [error, setError] = useState<unknown>();
  const [isAsked, setIsAsked] = useState(false);
  useEffect(() => {
    dialog.current?.showModal();
    // The sentence is the one thing that is needed: the keyboard starts there.
    dialog.current?.querySelector('input')?.focus();
  }, []);
  const refused = (reason: unknown): void => {
    setError(reason);
    setIsAsked(false);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (asked.why.trim() === '' || isAsked) return;
    setIsAsked(true);
    pull(asked, project, requestId).then(close, refused);
  };
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="cord-title">
      <form className="form" onSubmit={submit}>
        <h1 id="cord-title">Stop the line</h1>
        <CordFields asked={asked} set={setAsked} project={project} />
        <Hits asked={asked} project={project} />
        <Reasons error={error} />
        <div className="row">
          <button type="submit" className="danger" disabled={isAsked}>
            {isAsked ? 'asked …' : `Pull ${asked.colour}`}
          </button>
          <button type="button" onClick={close}>
            Keep running
          </button>
        </div>
      </form>
    </dialog>
  );
}
