import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { useAsk } from '../api/query.ts';
import { plain } from '../parts/plain.ts';
import { useProject } from './place.ts';

interface Goal {
  readonly title: string;
  readonly path: string;
}

const goalsMax = 12;

const screensAt = (base: string): readonly Goal[] => [
  { title: 'Wall', path: base || '/' },
  { title: 'Mine: what waits on me', path: '/mine' },
  { title: 'Changes and landing queue', path: `${base}/changes` },
  { title: 'Cord: stops and their log', path: `${base}/cord` },
];

const changesAt = (base: string, words: string): readonly Goal[] =>
  /^chg_[0-9a-z]{4,26}$/.test(words) ? [{ title: `change ${words}`, path: `${base}/c/${words}` }] : [];

/** Tasks with these words; none before two letters were typed. */
function useTasks(project: string | undefined, words: string): readonly Goal[] {
  const isSearch = project !== undefined && words.length > 1;
  const input = { project: project ?? '*', q: { text: words || 'x' }, limit: goalsMax };
  const { data } = useAsk('task.page', input, isSearch);
  if (!isSearch || data === undefined) return [];
  const base = `/p/${encodeURIComponent(project)}`;
  return data.rows.map(({ id, title }) => ({ title: `task ${id}: ${title}`, path: `${base}/t/${id}` }));
}

/** Screens, and tasks and changes by their words. */
function useGoals(text: string): readonly Goal[] {
  const project = useProject();
  const words = text.trim();
  const base = project === undefined ? '' : `/p/${encodeURIComponent(project)}`;
  const tasks = useTasks(project, words);
  const named = screensAt(base).filter(({ title }) => title.toLowerCase().includes(words.toLowerCase()));
  return [...changesAt(base, words), ...named, ...tasks].slice(0, goalsMax);
}

/** Ctrl+K: the way to everything by its words. */
export function Palette() {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const heard = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      setOpen(true);
    };
    addEventListener('keydown', heard);
    return () => removeEventListener('keydown', heard);
  }, []);
  return isOpen ? <Choice close={() => setOpen(false)} /> : null;
}

function Choice({ close }: { readonly close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [words, setWords] = useState('');
  const [, go] = useLocation();
  const goals = useGoals(words);
  useEffect(() => dialog.current?.showModal(), []);
  const open = (goal: Goal | undefined): void => {
    if (goal === undefined) return;
    close();
    go(goal.path);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    open(goals[0]);
  };
  return (
    <dialog ref={dialog} onClose={close} aria-label="Go to">
      <form className="form" onSubmit={submit}>
        <input
          aria-label="Screen, task or change"
          placeholder="Screen, task or change"
          value={words}
          onChange={({ target }) => setWords(target.value)}
        />
        {goals.map((goal) => (
          <button type="button" key={goal.path} onClick={() => open(goal)}>
            {plain(goal.title)}
          </button>
        ))}
      </form>
    </dialog>
  );
}
