import { QueryClientProvider } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Route, Switch } from 'wouter';
import { seen } from './api/client.ts';
import { isStorageBlocked } from './api/key-store.ts';
import { queries, useAsk } from './api/query.ts';
import { session } from './api/session.ts';
import { Banner, MissedBanner, StaleBanner, StorageBanner } from './frame/banner.tsx';
import { Cord } from './frame/cord-dialog.tsx';
import { useStale } from './frame/fresh.tsx';
import { Keys } from './frame/keys.tsx';
import { Palette } from './frame/palette.tsx';
import { SignIn } from './frame/sign-in.tsx';
import { Speaker } from './frame/speaker.tsx';
import { Top } from './frame/top.tsx';
import { begin, startLive, useLive } from './live/store.ts';
import { Changes } from './screens/changes/changes.tsx';
import { CordScreen } from './screens/cord/cord.tsx';
import { Mine } from './screens/mine/mine.tsx';
import { Missing } from './screens/missing.tsx';
import { Verdict } from './screens/verdict/verdict.tsx';
import { Wall } from './screens/wall/wall.tsx';

const seenMs = 5 * 60_000;

/** The page: the frame around one screen, or the way to a session. */
export function App() {
  const ended = useLive((one) => one.ended);
  const [isOpen, setOpen] = useState(session() !== undefined);
  const opened = (): void => {
    // A page that is loaded again has forgotten its session where the browser stores nothing.
    if (isStorageBlocked()) {
      queries.clear();
      begin();
      setOpen(true);
    } else location.reload();
  };
  if (!isOpen || ended !== undefined) return <SignIn why={ended} opened={opened} />;
  return (
    <QueryClientProvider client={queries}>
      <Frame />
    </QueryClientProvider>
  );
}

function Frame() {
  useEffect(() => {
    void startLive();
    const tell = (): void => {
      if (document.visibilityState === 'visible') seen().catch(() => undefined);
    };
    const timer = setInterval(tell, seenMs);
    document.addEventListener('visibilitychange', tell);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', tell);
    };
  }, []);
  const stale = useStale();
  const mine = useAsk('page.mine', { project: session()?.project ?? '*' });
  // Never 0 while the gateway cannot be asked.
  const waiting = stale || mine.error !== null ? undefined : mine.data?.total;
  return (
    <>
      <Top waiting={waiting} />
      <Banner />
      <StaleBanner />
      <StorageBanner />
      <MissedBanner />
      <main className={stale ? 'stale' : undefined}>
        <Switch>
          <Route path="/" component={Wall} />
          <Route path="/mine" component={Mine} />
          <Route path="/changes" component={Changes} />
          <Route path="/cord" component={CordScreen} />
          <Route path="/p/:project" component={Wall} />
          <Route path="/p/:project/mine" component={Mine} />
          <Route path="/p/:project/changes" component={Changes} />
          <Route path="/p/:project/cord" component={CordScreen} />
          <Route path="/p/:project/c/:change" component={Verdict} />
          <Route component={Missing} />
        </Switch>
      </main>
      <Cord />
      <Keys />
      <Palette />
      <Speaker waiting={waiting} />
    </>
  );
}
