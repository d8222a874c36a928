import { type FormEvent, type ReactNode, useState } from 'react';
import type { MineItem } from '../../../src/gateway/page/shapes.ts';
import { useAction } from '../../parts/action.ts';
import { Reasons } from '../../parts/reasons.tsx';
import { nameWords } from '../../words.ts';

interface OneLine {
  readonly label: string;
  readonly button: string;
  readonly isAsked: boolean;
  readonly error: unknown;
  readonly send: (text: string) => void;
  readonly children?: ReactNode;
}

/** A sentence and a button. */
function Line({ label, button, isAsked, error, send, children }: OneLine) {
  const [text, setText] = useState('');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (text.trim() !== '') send(text);
  };
  return (
    <form className="row" onSubmit={submit}>
      {children}
      <input
        className="grow"
        aria-label={label}
        placeholder={label}
        maxLength={2000}
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <button type="submit" className="primary" disabled={isAsked || text.trim() === ''}>
        {isAsked ? 'asked …' : button}
      </button>
      <Reasons error={error} />
    </form>
  );
}

/** The answer to a question; of a disagreement, also who is right. */
export function Reply({ item }: { readonly item: MineItem }) {
  const { isAsked, error, run } = useAction('task.answer');
  const [right, setRight] = useState('');
  const send = (answer: string): void => {
    const decidesFor = right === '' ? {} : { decidesFor: right };
    void run({ project: item.project, task: item.task ?? '', answer, ...decidesFor });
  };
  return (
    <Line
      label={`Answer to ${nameWords(item.by)}`}
      button="Answer"
      isAsked={isAsked}
      error={error}
      send={send}
    >
      {item.against === undefined ? null : (
        <select aria-label="Who is right" value={right} onChange={({ target }) => setRight(target.value)}>
          <option value="">who is right?</option>
          <option value={item.by}>{nameWords(item.by)}</option>
          <option value={item.against}>{nameWords(item.against)}</option>
        </select>
      )}
    </Line>
  );
}

/** A yellow stop goes on with a reason. */
export function ClearYellow({ item }: { readonly item: MineItem }) {
  const { isAsked, error, run } = useAction('cord.clear');
  const send = (why: string): void => void run({ project: item.project, stop: item.id, why });
  return <Line label="Why work may go on" button="Clear" isAsked={isAsked} error={error} send={send} />;
}
