import { useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import type { MineItem, MineKind } from '../../../src/gateway/page/shapes.ts';
import { useAsk } from '../../api/query.ts';
import { session } from '../../api/session.ts';
import { isText } from '../../frame/keys.tsx';
import { Age } from '../../parts/age.tsx';
import { Reasons } from '../../parts/reasons.tsx';
import { nameWords, plural, shortId } from '../../words.ts';
import { ClearYellow, Reply } from './answer.tsx';
import { useSnooze } from './snooze.ts';
import './mine.css';
import { plain } from '../../parts/plain.ts';

const heads: Readonly<Record<MineKind, string>> = {
  red: '■ RED STOP',
  yellow: '▲ YELLOW STOP',
  question: '? QUESTION',
  disagreement: '? DISAGREEMENT',
  gate: '◆ GATE',
  verdict: '◆ VERDICT',
  run: '○ RUN ENDED BADLY',
  trigger: '○ TRIGGER',
};

const keyOf = ({ kind, id }: MineItem): string => `${kind} ${id}`;

/**
 * Moves through the list by keys: `j` and `n` to the next, `k` to the one before; `z` puts the one at hand off.
 */
function useMoves(count: number, putOff: (at: number) => void): readonly [number, (at: number) => void] {
  const [at, setAt] = useState(0);
  const present = useRef({ at, putOff });
  present.current = { at, putOff };
  useEffect(() => {
    const heard = (event: KeyboardEvent): void => {
      if (isText(event)) return;
      if (event.key === 'j' || event.key === 'n') setAt((now) => Math.min(now + 1, Math.max(0, count - 1)));
      if (event.key === 'k') setAt((now) => Math.max(0, now - 1));
      if (event.key === 'z') present.current.putOff(present.current.at);
    };
    addEventListener('keydown', heard);
    return () => removeEventListener('keydown', heard);
  }, [count]);
  return [Math.min(at, Math.max(0, count - 1)), setAt];
}

/** Everything that waits for the person, answered in place. */
export function Mine() {
  const { data, error } = useAsk('page.mine', { project: session()?.project ?? '*' });
  const { isSnoozed, snooze } = useSnooze();
  const all = data?.items ?? [];
  const items = [
    ...all.filter((item) => !isSnoozed(keyOf(item))),
    ...all.filter((item) => isSnoozed(keyOf(item))),
  ];
  const putOff = (place: number): void => {
    const item = items[place];
    if (item !== undefined) snooze(keyOf(item));
  };
  const [at, setAt] = useMoves(items.length, putOff);
  if (error !== null) return <Reasons error={error} />;
  if (data === undefined) return <p className="quiet">Asking the gateway …</p>;
  return (
    <>
      <h1>Waiting on you ({data.total})</h1>
      {items.length === 0 ? <p className="quiet">Nothing waits on you.</p> : null}
      <ol className="mine">
        {items.map((item, place) => (
          <Item
            key={keyOf(item)}
            item={item}
            isAt={place === at}
            isSnoozed={isSnoozed(keyOf(item))}
            take={() => setAt(place)}
            putOff={() => putOff(place)}
          />
        ))}
      </ol>
      <ForEyes forEyes={data.forEyes} />
    </>
  );
}

interface OfItem {
  readonly item: MineItem;
  readonly isAt: boolean;
  readonly isSnoozed: boolean;
  readonly take: () => void;
  readonly putOff: () => void;
}

function Item({ item, isAt, isSnoozed, take, putOff }: OfItem) {
  const { kind, id, title, by, since, blocks, subject, project } = item;
  return (
    <li className="mine-item" data-kind={kind} data-id={id} data-at={isAt} onFocus={take}>
      <div className="row">
        <span className={`mine-head ${kind === 'red' ? 'red' : ''}`}>{heads[kind]}</span>
        <span className="quiet">
          {project} ·{' '}
          {subject.replace(/^\w+\//, '').length > 30 ? shortId(subject.replace(/^\w+\//, '')) : subject}
        </span>
        <span className="grow" />
        {blocks.length === 0 ? null : (
          <span className="yellow">
            {nameWords(blocks[0] ?? '')} idle{blocks.length > 1 ? ` +${blocks.length - 1}` : ''}
          </span>
        )}
        <span className="quiet">
          {nameWords(by)} · <Age at={since} />
        </span>
        <Snooze isSnoozed={isSnoozed} putOff={putOff} />
      </div>
      <p className="mine-title">{plain(title)}</p>
      {item.mayAct ? <Act item={item} /> : <p className="quiet">Not yours: {item.why?.rule}</p>}
    </li>
  );
}

function Snooze({ isSnoozed, putOff }: Pick<OfItem, 'isSnoozed' | 'putOff'>) {
  if (isSnoozed) return <span className="quiet">snoozed</span>;
  return (
    <button type="button" onClick={putOff}>
      Snooze <kbd>z</kbd>
    </button>
  );
}

/** What can be done about an item, in place or on its screen. */
function Act({ item }: { readonly item: MineItem }) {
  if (item.kind === 'question' || item.kind === 'disagreement') return <Reply item={item} />;
  if (item.kind === 'yellow') return <ClearYellow item={item} />;
  if (item.kind === 'run') return <code className="command">andon run show {shortId(item.id)}</code>;
  if (item.kind === 'trigger')
    return <code className="command">andon trigger show {item.subject.replace('trigger/', '')}</code>;
  return (
    <Link href={item.link} className="button">
      {item.kind === 'red' ? 'Root cause …' : 'Review'}
    </Link>
  );
}

function ForEyes({ forEyes }: { readonly forEyes: Readonly<Record<string, number>> }) {
  const kinds = Object.entries(forEyes);
  if (kinds.length === 0) return null;
  return (
    <section className="newest">
      <h2>For your eyes</h2>
      <p>
        {kinds.map(([kind, count]) => plural(count, kind)).join(' · ')} <code>andon inbox</code>
      </p>
    </section>
  );
}
