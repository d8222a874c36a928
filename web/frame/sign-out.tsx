import { useState } from 'react';
import { leave } from '../api/client.ts';
import { endHere, session } from '../api/session.ts';
import { blank } from '../live/store.ts';
import { shortId } from '../words.ts';

const tells = 'signed out';

/** Ends the own session at the gateway, and forgets its key in this browser even when the gateway cannot be told. */
async function signOut(): Promise<void> {
  const own = session();
  if (own === undefined) return;
  const told = await leave().then(
    () => tells,
    (error: Error) =>
      `signed out in this browser alone (${error.message}); andon open --end ${shortId(own.session)} ends it at the gateway`,
  );
  await endHere();
  blank(told);
}

/** The way out, on every screen. */
export function SignOut() {
  const [isAsked, setAsked] = useState(false);
  const press = (): void => {
    setAsked(true);
    void signOut();
  };
  return (
    <button type="button" disabled={isAsked} onClick={press}>
      {isAsked ? 'asked …' : 'Sign out'}
    </button>
  );
}
