import { type FormEvent, useEffect, useState } from 'react';
import type { WallStop } from '../../../src/gateway/page/shapes.ts';
import { useAction } from '../../parts/action.ts';
import { Reasons } from '../../parts/reasons.tsx';

const kinds = ['policy', 'schema', 'test', 'tooling'] as const;
const whysMax = 7;

interface Step {
  readonly why: string;
  readonly evidence: string;
}
interface Draft {
  readonly whys: readonly Step[];
  readonly kind: (typeof kinds)[number];
  readonly prevention: string;
}

const empty: Draft = { whys: [{ why: '', evidence: '' }], kind: 'policy', prevention: '' };
const keyOf = (id: string): string => `andon-draft-${id}`;

/** The draft that this browser keeps of a stop; none where it stores nothing. */
function readDraft(id: string): Draft {
  try {
    return JSON.parse(localStorage.getItem(keyOf(id)) ?? '') as Draft;
  } catch {
    return empty;
  }
}

function keepDraft(id: string, draft: Draft | undefined): void {
  try {
    if (draft === undefined) localStorage.removeItem(keyOf(id));
    else localStorage.setItem(keyOf(id), JSON.stringify(draft));
  } catch {
    // A browser that stores nothing forgets the draft with the tab.
  }
}

const isWhole = ({ whys, prevention }: Draft): boolean =>
  prevention.trim() !== '' && whys.every(({ why, evidence }) => why.trim() !== '' && evidence.trim() !== '');

/** A red stop is cleared by its root cause: whys with evidence, the kind of the last one, and what prevents it. */
export function RootCauseForm({ stop }: { readonly stop: WallStop }) {
  const [draft, setDraft] = useState(() => readDraft(stop.id));
  const { isAsked, error, run } = useAction('cord.clear');
  useEffect(() => keepDraft(stop.id, draft), [stop.id, draft]);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!isWhole(draft)) return;
    const rootCause = { ...draft, whys: [...draft.whys] };
    void run({ project: stop.project, stop: stop.id, rootCause }).then((done) => {
      if (done) keepDraft(stop.id, undefined);
    });
  };
  return (
    <form className="form" onSubmit={submit} aria-label="Root cause">
      <Whys draft={draft} set={setDraft} />
      <label>
        The last why comes down to
        <select
          value={draft.kind}
          onChange={({ target }) => setDraft({ ...draft, kind: target.value as Draft['kind'] })}
        >
          {kinds.map((kind) => (
            <option key={kind}>{kind}</option>
          ))}
        </select>
      </label>
      <label>
        What keeps it from happening again
        <input
          value={draft.prevention}
          maxLength={4000}
          required
          onChange={({ target }) => setDraft({ ...draft, prevention: target.value })}
        />
      </label>
      <Reasons error={error} />
      <div className="row">
        <button type="submit" disabled={isAsked || !isWhole(draft)}>
          {isAsked ? 'asked …' : 'Clear red'}
        </button>
      </div>
    </form>
  );
}

function Whys({ draft, set }: { readonly draft: Draft; readonly set: (draft: Draft) => void }) {
  const change = (at: number, part: Partial<Step>): void =>
    set({ ...draft, whys: draft.whys.map((one, place) => (place === at ? { ...one, ...part } : one)) });
  return (
    <>
      {draft.whys.map(({ why, evidence }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: steps have no other name than their place
        <div className="row" key={at}>
          <input
            className="grow"
            aria-label={`Why ${at + 1}`}
            placeholder={`Why ${at + 1}`}
            value={why}
            required
            onChange={({ target }) => change(at, { why: target.value })}
          />
          <input
            className="grow"
            aria-label={`Evidence ${at + 1}`}
            placeholder="evidence: event, commit, log line, file"
            value={evidence}
            required
            onChange={({ target }) => change(at, { evidence: target.value })}
          />
        </div>
      ))}
      {draft.whys.length < whysMax ? (
        <div className="row">
          <button
            type="button"
            onClick={() => set({ ...draft, whys: [...draft.whys, { why: '', evidence: '' }] })}
          >
            And why that?
          </button>
        </div>
      ) : null}
    </>
  );
}
