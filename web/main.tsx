import { createRoot } from 'react-dom/client';
import { codeIn, openBy, resume } from './api/session.ts';
import { App } from './app.tsx';
import { chosenTheme, showTheme } from './frame/theme.ts';
import { blank } from './live/store.ts';
import './tokens.css';
import './frame/frame.css';

/** Length of a code: shorter fragments are places on a screen. */
const wholeCode = 26;

/** Takes the code out of the address at once, so that it is in no history. */
async function start(): Promise<void> {
  const code = location.hash.length > wholeCode ? codeIn(location.hash) : undefined;
  if (code !== undefined) history.replaceState(null, '', location.pathname);
  if (code === undefined) await resume();
  else await openBy(code).catch((error: Error) => blank(error.message));
  const root = document.getElementById('root');
  if (root !== null) createRoot(root).render(<App />);
}

showTheme(chosenTheme());
void start();
