import { Link } from 'wouter';
import type { WallStop } from '../../src/gateway/page/shapes.ts';
import { isStorageBlocked } from '../api/key-store.ts';
import { useMissed } from '../live/accepted.ts';
import { useLive } from '../live/store.ts';
import { Age } from '../parts/age.tsx';
import { plain } from '../parts/plain.ts';
import { glyphs, nameWords, shortId, words } from '../words.ts';
import { useStale } from './fresh.tsx';

const rank = ({ colour }: WallStop): number => (colour === 'red' ? 0 : 1);
const noStops: readonly WallStop[] = [];

/** The open stops, red ones first; nothing while the line runs. */
export function Banner() {
  const stops = useLive(({ facts }) => facts?.stops ?? noStops);
  return [...stops]
    .sort((one, other) => rank(one) - rank(other))
    .slice(0, 3)
    .map((stop) => <StopBanner key={stop.id} stop={stop} more={stops.length - 3} />);
}

function StopBanner({ stop }: { readonly stop: WallStop; readonly more: number }) {
  const { colour, scope, why, by, at, project, id } = stop;
  const place = project === '*' ? 'all projects' : `${project} · ${scope}`;
  return (
    <div className={`banner stop-${colour}`} role="alert">
      <span>
        {glyphs[colour]} {words[colour]} · {colour} · {place}
      </span>
      <span className="why">“{plain(why)}”</span>
      <span>
        {nameWords(by)} · <Age at={at} />
      </span>
      <span className="grow" />
      <Link href={`/p/${encodeURIComponent(project === '*' ? 'all' : project)}/cord#${id}`}>
        See {shortId(id)}
      </Link>
    </div>
  );
}

/** The words over a page whose browser stores nothing. */
export function StorageBanner() {
  if (!isStorageBlocked()) return null;
  return (
    <div className="banner stop-yellow" role="status">
      ▲ This browser stores nothing for this address: the session ends when this tab is closed or loaded
      again. Allow its storage (IndexedDB), or run andon open again then.
    </div>
  );
}

/** The words over acts that the gateway accepted and that no event has shown yet. */
export function MissedBanner() {
  const missed = useMissed();
  if (missed.length === 0) return null;
  return (
    <div className="banner stop-yellow" role="status">
      ▲ Accepted, not seen yet: {missed.join(', ')}. The gateway has it; its event has not come to this page.
    </div>
  );
}

/** The words over facts that are not of the present. */
export function StaleBanner() {
  const stale = useStale();
  const connection = useLive((one) => one.connection);
  const why = useLive((one) => one.why);
  const asOf = useLive((one) => one.asOf);
  if (!stale || asOf === 0) return null;
  const foreign = connection === 'foreign';
  return (
    <div className={`banner stop-${foreign ? 'red' : 'yellow'}`} role="status">
      {foreign
        ? '■ This is not your gateway: it does not prove its key. Nothing is sent to it.'
        : `▲ Not the present: as of ${new Date(asOf).toISOString().slice(11, 19)}. ${why}`}
    </div>
  );
}
