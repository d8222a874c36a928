import { useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { useProject } from './place.ts';
import { chooseTheme, chosenTheme, type Theme, themes } from './theme.ts';

const offKey = 'andon-keys-off';

const list = [
  ['.', 'pull the cord'],
  ['g w', 'Wall'],
  ['g m', 'Mine'],
  ['g c', 'Changes'],
  ['g s', 'Cord'],
  ['j k n', 'move in a list; next file'],
  ['a x', 'approve, reject'],
  ['c', 'comment on the line with the focus, or on the first one shown'],
  ['z', 'snooze what waits, here alone'],
  ['y', 'copy the address of the screen'],
  ['Ctrl+K', 'go to a screen, task or change'],
  ['?', 'this list'],
] as const;

/** True while letters are text: in fields, with a modifier, or where keys are turned off. */
export function isText({ target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey || areOff()) return true;
  return target instanceof HTMLElement && /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function areOff(): boolean {
  try {
    return localStorage.getItem(offKey) === 'true';
  } catch {
    return false;
  }
}

/** The screen of a letter behind `g`. */
function screenOf(letter: string, project: string | undefined): string | undefined {
  const base = project === undefined ? '' : `/p/${encodeURIComponent(project)}`;
  const screens: Readonly<Record<string, string>> = {
    w: base || '/',
    m: '/mine',
    c: `${base}/changes`,
    s: `${base}/cord`,
  };
  return screens[letter];
}

/** Keys that lead to screens, and the list of all keys. */
export function Keys() {
  const [, go] = useLocation();
  const project = useProject();
  const [isOpen, setOpen] = useState(false);
  const place = useRef(project);
  place.current = project;
  useEffect(() => {
    let isGoing = false;
    const heard = (event: KeyboardEvent): void => {
      if (isText(event)) return;
      if (event.key === '?') setOpen(true);
      if (event.key === 'y') void navigator.clipboard.writeText(location.href);
      const screen = isGoing ? screenOf(event.key, place.current) : undefined;
      if (screen !== undefined) go(screen);
      isGoing = event.key === 'g';
    };
    addEventListener('keydown', heard);
    return () => removeEventListener('keydown', heard);
  }, [go]);
  return isOpen ? <List close={() => setOpen(false)} /> : null;
}

function List({ close }: { readonly close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [off, setOff] = useState(areOff);
  useEffect(() => dialog.current?.showModal(), []);
  const toggle = (isOff: boolean): void => {
    setOff(isOff);
    try {
      localStorage.setItem(offKey, String(isOff));
    } catch {
      // A browser that stores nothing keeps its keys.
    }
  };
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="keys-title">
      <h1 id="keys-title">Keys</h1>
      <ul>
        {list.map(([key, what]) => (
          <li key={key}>
            <kbd>{key}</kbd> {what}
          </li>
        ))}
      </ul>
      <label className="row">
        <input type="checkbox" checked={off} onChange={({ target }) => toggle(target.checked)} />
        turn single keys off
      </label>
      <Colours />
      <button type="button" onClick={close}>
        Close
      </button>
    </dialog>
  );
}

function Colours() {
  const [theme, setTheme] = useState(chosenTheme);
  const choose = (chosen: Theme): void => {
    setTheme(chosen);
    chooseTheme(chosen);
  };
  return (
    <fieldset className="row">
      <legend>Colours</legend>
      {themes.map((one) => (
        <label key={one}>
          <input type="radio" name="theme" checked={one === theme} onChange={() => choose(one)} /> {one}
        </label>
      ))}
    </fieldset>
  );
}

/** Keys of the screen: single letters, outside of fields. */
export function useKeys(keys: Readonly<Record<string, () => void>>): void {
  const present = useRef(keys);
  present.current = keys;
  useEffect(() => {
    const heard = (event: KeyboardEvent): void => {
      if (isText(event)) return;
      const found = present.current[event.key];
      if (found === undefined) return;
      event.preventDefault();
      found();
    };
    addEventListener('keydown', heard);
    return () => removeEventListener('keydown', heard);
  }, []);
}
