import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, constants, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Environment } from '../world.ts';

/** Programs that open a file in the browser of the person, in the order in which they are looked for. */
const openers = process.platform === 'darwin' ? ['open'] : ['xdg-open', 'sensible-browser', 'x-www-browser'];

const isProgram = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

/** True where the person sits at this machine: without a display, or over SSH, the browser is elsewhere. */
const isHere = (env: Environment): boolean =>
  !env.SSH_CONNECTION && (process.platform === 'darwin' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY));

/** The program that opens files in the browser of the person, or undefined where the browser is elsewhere. */
export async function browserHere(env: Environment): Promise<string | undefined> {
  if (!isHere(env)) return undefined;
  const folders = (env.PATH ?? '').split(delimiter);
  for (const file of openers.flatMap((name) => folders.map((folder) => join(folder, name))))
    if (await isProgram(file)) return file;
  return undefined;
}

/**
 * Opens a URL by a file that forwards to it, so that the code in the URL is in no command line. The file lies
 * in the home of the person, since browsers in a snap or a flatpak read no hidden folder. Answers the function
 * that removes the file.
 */
export async function openByFile(
  program: string,
  url: string,
  env: Environment,
): Promise<() => Promise<void>> {
  const file = join(env.HOME || homedir(), `andon-open-${randomBytes(8).toString('hex')}.html`);
  const html = `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0; url=${url}"><title>Andon</title><p>Opening the page of Andon …\n`;
  await writeFile(file, html, { mode: 0o600, flag: 'wx' });
  const child = spawn(program, [pathToFileURL(file).href], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
  return () => rm(file, { force: true });
}
