import { useEffect } from 'react';
import { Link, useLocation } from 'wouter';
import { session } from '../api/session.ts';
import { useLive } from '../live/store.ts';
import { nameWords } from '../words.ts';
import { Fresh } from './fresh.tsx';
import { useProject } from './place.ts';
import { SignOut } from './sign-out.tsx';

const screens = [
  ['', 'Wall'],
  ['/mine', 'Mine'],
  ['/changes', 'Changes'],
  ['/cord', 'Cord'],
] as const;

/** Address of a screen: Mine is over all projects. */
const pathOf = (screen: string, project: string | undefined): string => {
  if (screen === '/mine') return '/mine';
  return project === undefined ? screen || '/' : `/p/${encodeURIComponent(project)}${screen}`;
};

/** The bar on top of every screen. */
export function Top({ waiting }: { readonly waiting: number | undefined }) {
  const [path] = useLocation();
  const project = useProject();
  const state = useLive(({ facts }) => facts?.stops.some(({ colour }) => colour === 'red') === true);
  const name = project ?? 'all projects';
  useEffect(() => {
    const count = waiting === undefined ? '?' : waiting;
    document.title = `(${count}) ${state ? '■' : '●'} ${name} · Andon`;
  }, [waiting, state, name]);
  return (
    <header className="top">
      <span className="brand">
        <Link href="/">andon</Link> ▸ {name}
      </span>
      <nav className="nav" aria-label="Screens">
        {screens.map(([screen, title]) => {
          const href = pathOf(screen, project);
          return (
            <Link key={title} href={href} aria-current={path === href ? 'page' : undefined}>
              {title}
              {screen === '/mine' ? <Count waiting={waiting} /> : null}
            </Link>
          );
        })}
      </nav>
      <span className="grow" />
      <Fresh />
      <span className="quiet">{nameWords(session()?.agent ?? '')}</span>
      <SignOut />
    </header>
  );
}

function Count({ waiting }: { readonly waiting: number | undefined }) {
  if (waiting === 0) return null;
  return (
    <span className="count">
      {waiting ?? '?'}
      <span className="hidden"> waiting on you</span>
    </span>
  );
}
