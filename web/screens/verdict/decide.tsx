import { useState } from 'react';
import { useAsk } from '../../api/query.ts';
import { useKeys } from '../../frame/keys.tsx';
import { useAction } from '../../parts/action.ts';
import { Reasons } from '../../parts/reasons.tsx';
import { type Comment, reasonOf } from './comments.ts';
import type { Judged } from './verdict.tsx';

interface OfDecide extends Judged {
  readonly comments: readonly Comment[];
  /** Number of files that were read. */
  readonly read: number;
  readonly next: () => void;
}

const rejectReasonsMax = 50;

/** The reasons of a rejection: comments on lines, and the words beside them. */
const reasonsIn = (comments: readonly Comment[], words: string): string[] => [
  ...comments.map(reasonOf),
  ...(words.trim() === '' ? [] : [words]),
];

/** Dry runs of both verdicts: if each would be taken, and the reasons against an approval. */
function usePreviews({
  project,
  ...input
}: {
  project: string;
  change: string;
  tree: string;
  ownWork: boolean;
}) {
  const approval = useAsk('page.preview', { project, action: 'verdict.approve', input });
  const asReject = { ...input, reasons: ['a dry run'] };
  const rejection = useAsk('page.preview', { project, action: 'verdict.reject', input: asReject });
  return {
    isApprovable: approval.data?.allowed === true,
    isRejectable: rejection.data?.allowed === true,
    refused: approval.data?.refused ?? [],
  };
}

/** The verdict: for the tree that was shown, and only once the whole of it was. */
export function Decide({ change, diff, comments, read, next }: OfDecide) {
  const [words, setWords] = useState('');
  const [ownWork, setOwnWork] = useState(false);
  const approve = useAction('verdict.approve');
  const reject = useAction('verdict.reject');
  const named = { project: change.project, change: change.id, tree: diff.tree, ownWork };
  const { isApprovable, isRejectable, refused } = usePreviews(named);
  const files = diff.files.length;
  const isRead = read >= files;
  const mayApprove = isRead && isApprovable && !approve.isAsked;
  const said = reasonsIn(comments, words);
  const onApprove = (): void => {
    if (mayApprove) void approve.run({ ...named, note: words });
  };
  const mayReject = !reject.isAsked && said.length > 0 && isRejectable;
  const onReject = (): void => {
    if (mayReject) void reject.run({ ...named, reasons: said.slice(0, rejectReasonsMax) });
  };
  useKeys({ a: onApprove, x: onReject, n: next });
  return (
    <section className="decide" aria-label="Verdict">
      <div className="row">
        <input
          className="grow"
          aria-label="A note, or a reason to reject"
          placeholder="A note, or a reason to reject"
          value={words}
          maxLength={4000}
          onChange={({ target }) => setWords(target.value)}
        />
        <label className="row">
          <input type="checkbox" checked={ownWork} onChange={({ target }) => setOwnWork(target.checked)} />
          my own work
        </label>
        <button type="button" onClick={next} disabled={isRead}>
          Next file <kbd>n</kbd>
        </button>
        <button type="button" className="danger" disabled={!mayReject} onClick={onReject}>
          Reject ({said.length}) <kbd>x</kbd>
        </button>
        <button type="button" className="primary" disabled={!mayApprove} onClick={onApprove}>
          Approve {read}/{files} read <kbd>a</kbd>
        </button>
      </div>
      <Against isRead={isRead} refused={refused} />
      <Reasons error={approve.error ?? reject.error} />
    </section>
  );
}

/** Why it cannot be approved yet, in words. */
function Against({
  isRead,
  refused,
}: {
  isRead: boolean;
  refused: readonly { code: string; rule: string; found?: string | number }[];
}) {
  if (isRead && refused.length === 0) return null;
  return (
    <p className="quiet">
      {isRead ? '' : 'Read every file before you approve. '}
      {refused
        .map(({ code, rule, found }) => `${code}: ${rule}${found === undefined ? '' : ` (${found})`}`)
        .join('; ')}
    </p>
  );
}
