import { useCallback, useState } from 'react';
import { useParams } from 'wouter';
import type { OutputOf } from '../../api/client.ts';
import { useAsk } from '../../api/query.ts';
import { Age } from '../../parts/age.tsx';
import { Reasons } from '../../parts/reasons.tsx';
import { nameWords, plural, shortId, words } from '../../words.ts';
import { type Comment, withComment } from './comments.ts';
import { Decide } from './decide.tsx';
import { Evidence } from './evidence.tsx';
import { FileDiff } from './file-diff.tsx';
import './verdict.css';
import { plain } from '../../parts/plain.ts';

/** A change with everything that is judged: the whole difference first. */
export function Verdict() {
  const { project = '', change = '' } = useParams();
  const shown = useAsk('change.show', { project, change });
  const diff = useAsk('change.diff', { project, change });
  const error = shown.error ?? diff.error;
  if (error !== null) return <Reasons error={error} />;
  if (shown.data === undefined || diff.data === undefined)
    return <p className="quiet">Asking the gateway …</p>;
  // Another tree is another thing to judge: what was read and said of the former one is gone with it.
  return <Judge key={diff.data.tree} change={shown.data} diff={diff.data} />;
}

/** A change and its difference, as the gateway answers them. */
export interface Judged {
  readonly change: OutputOf<'change.show'>;
  readonly diff: OutputOf<'change.diff'>;
}

function Judge({ change, diff }: Judged) {
  const [at, setAt] = useState(0);
  const [read, setRead] = useState<ReadonlySet<string>>(new Set());
  const [comments, setComments] = useState<readonly Comment[]>([]);
  const [context, setContext] = useState<number>();
  const file = diff.files[at];
  const path = file?.path;
  const markRead = useCallback(() => {
    if (path !== undefined) setRead((before) => (before.has(path) ? before : new Set([...before, path])));
  }, [path]);
  const comment = (one: Comment): void => setComments((before) => withComment(before, one));
  return (
    <>
      <Head change={change} diff={diff} />
      <div className="judge">
        <Files files={diff.files} at={at} read={read} open={setAt} />
        <section aria-label="Difference">
          {file === undefined ? (
            <p>This change has no files.</p>
          ) : (
            <>
              <div className="row">
                <h2>
                  {plain(file.path)} <span className="green">+{file.plus}</span>{' '}
                  <span className="red">−{file.minus}</span>
                </h2>
                <span className="grow" />
                <Context lines={context} choose={setContext} />
              </div>
              <FileDiff
                key={file.path}
                {...{ project: change.project, change: change.id, path: file.path, isBinary: file.binary }}
                {...(context !== undefined && { context })}
                comments={comments.filter((one) => one.path === file.path)}
                comment={comment}
                read={markRead}
              />
            </>
          )}
        </section>
      </div>
      <Decide
        change={change}
        diff={diff}
        comments={comments}
        read={read.size}
        next={() => setAt(nextUnread(diff, read, at))}
      />
      <Evidence change={change} />
    </>
  );
}

const contexts = [3, 10, 50] as const;

interface OfContext {
  readonly lines: number | undefined;
  readonly choose: (lines: number) => void;
}

/** The choice of lines around each difference. */
function Context({ lines = contexts[0], choose }: OfContext) {
  return (
    <label className="row quiet">
      lines around
      <select value={lines} onChange={({ target }) => choose(Number(target.value))}>
        {contexts.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The file to read after this one. */
function nextUnread({ files }: Judged['diff'], read: ReadonlySet<string>, at: number): number {
  const order = [...files.keys()].map((step) => (at + 1 + step) % files.length);
  return order.find((place) => !read.has(files[place]?.path ?? '')) ?? at;
}

function Head({ change, diff }: Judged) {
  const plus = diff.files.reduce((sum, one) => sum + one.plus, 0);
  const minus = diff.files.reduce((sum, one) => sum + one.minus, 0);
  return (
    <header className="row">
      <h1>{change.task || words.merge}</h1>
      <span>
        {shortId(change.id)} · {nameWords(change.author)} (epoch {change.epoch})
      </span>
      <span className="quiet">
        base <code>{change.base.slice(0, 7)}</code> → tree <code>{diff.tree.slice(0, 7)}</code>
      </span>
      <span>
        {plural(diff.files.length, 'file')} <span className="green">+{plus}</span>{' '}
        <span className="red">−{minus}</span>
      </span>
      <span className="grow" />
      <span>
        {change.state} <Age at={change.stateAt} />
      </span>
    </header>
  );
}

interface OfFiles {
  readonly files: Judged['diff']['files'];
  readonly at: number;
  readonly read: ReadonlySet<string>;
  readonly open: (at: number) => void;
}

function Files({ files, at, read, open }: OfFiles) {
  return (
    <nav aria-label="Files of the change">
      <h2>Files {files.length}</h2>
      <ul className="files">
        {files.map(({ path, status, plus, minus }, place) => (
          <li key={path}>
            <button type="button" aria-current={place === at} onClick={() => open(place)}>
              {read.has(path) ? '☑' : '☐'}
              <span className="hidden">{read.has(path) ? ' read ' : ' not read '}</span> {plain(path)}{' '}
              <span className="quiet">
                {status === 'modified' ? '' : `${status} `}+{plus} −{minus}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}
