import { useLocation } from 'wouter';

const commands: readonly (readonly [RegExp, string])[] = [
  [/\/t\/([^/]+)$/, 'andon task show $1'],
  [/\/r\/([^/]+)$/, 'andon run show $1'],
  [/\/runs$/, 'andon run list'],
  [/\/board$/, 'andon task list'],
  [/\/triggers$/, 'andon trigger list'],
  [/\/log$/, 'andon event list'],
  [/\/plan$/, 'andon plan show'],
  [/\/who$/, 'andon agent list'],
  [/\/reports$/, 'andon report list'],
];

/** A screen that is not there yet: the command that tells the same. */
export function Missing() {
  const [path] = useLocation();
  const found = commands.find(([pattern]) => pattern.test(path));
  const command =
    found === undefined ? 'andon status' : (found[0].exec(path)?.[0] ?? '').replace(found[0], found[1]);
  return (
    <section className="form">
      <h1>This screen is not there yet</h1>
      <p>The command line tells it:</p>
      <code className="command">{command}</code>
    </section>
  );
}
