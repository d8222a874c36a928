import { readFile } from 'node:fs/promises';
import type { App, Caller } from '../../app.ts';
import type { Place } from '../init/place.ts';

interface Settling {
  readonly place: Place;
  readonly project: string;
  readonly upstream: string | undefined;
}

/** Makes the project and applies its first plan when they are not there yet. Answers what was done, for people. */
export async function settle(app: App, { place, project, upstream }: Settling): Promise<string[]> {
  // In this process: over the network it would have to trust the certificate that it was just given.
  const client = app.caller((await readFile(app.owner.file, 'utf8')).trim());
  const talk: string[] = [];
  const projects = await client.project.list({});
  if (!projects.some((one) => one.project === project)) {
    const made = await client.project.create({
      project,
      source: place.root,
      ...(upstream === undefined ? {} : { upstream }),
    });
    talk.push(`adopted ${made.branch} at ${made.main.slice(0, 10)}`);
  }
  return [...talk, ...(await firstPlan(client, project, place.plan))];
}

async function firstPlan(client: Caller, project: string, text: string | undefined): Promise<string[]> {
  const { plan } = await client.plan.show({ project });
  if (text === undefined) return plan === null ? ['no plan yet: andon init writes one'] : [];
  if (plan === null) {
    const { added } = await client.plan.put({ project, text });
    return [`applied andon.yaml: ${added.length} ${added.length === 1 ? 'task' : 'tasks'}`];
  }
  const diff = await client.plan.diff({ project, text }).catch(() => undefined);
  const count = diff === undefined ? 0 : diff.added.length + diff.changed.length + diff.removed.length;
  return count === 0 ? [] : ['andon.yaml differs from the applied plan: andon plan diff, andon plan apply'];
}
