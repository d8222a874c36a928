import { type FormEvent, useState } from 'react';
import { isStorageBlocked } from '../api/key-store.ts';
import { codeIn, openBy } from '../api/session.ts';

/** The screen without a session: the command that opens one, and a field for its code. */
export function SignIn({ why, opened }: { readonly why: string | undefined; readonly opened: () => void }) {
  const [text, setText] = useState('');
  const [fault, setFault] = useState<string>();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const code = codeIn(text);
    if (code === undefined) setFault('A code has twelve characters: letters and digits, in three groups.');
    else openBy(code).then(opened, (error: Error) => setFault(error.message));
  };
  return (
    <main className="sign-in">
      <h1>Andon</h1>
      {why === undefined ? null : (
        <p className="red" role="alert">
          The session has ended: {why}.
        </p>
      )}
      {isStorageBlocked() ? (
        <p className="yellow">
          ▲ This browser stores nothing for this address: a session ends when its tab is closed or loaded
          again.
        </p>
      ) : null}
      <p>Run this command where the gateway runs. It opens this page under your own grant.</p>
      <code className="command">andon open</code>
      <form className="form" onSubmit={submit}>
        <label>
          Or type the code that it printed
          <input
            value={text}
            onChange={({ target }) => setText(target.value)}
            autoComplete="off"
            spellCheck={false}
            placeholder="xxxx-xxxx-xxxx"
          />
        </label>
        {fault === undefined ? null : (
          <p className="reasons" role="alert">
            {fault}
          </p>
        )}
        <div className="row">
          <button type="submit" className="primary">
            Open
          </button>
        </div>
      </form>
    </main>
  );
}
