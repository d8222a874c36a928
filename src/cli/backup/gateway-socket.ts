import { chmod, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { isAbsolute, join, relative } from 'node:path';
import { z } from 'zod';
import { AndonError, fail } from '../../lib/errors.ts';
import { jsonOf } from '../../lib/json.ts';
import { asAndonError } from '../refusal.ts';

/** Numbers about a backup that was made. */
const madeSchema = z.object({
  position: z.number(),
  rows: z.number(),
  repositories: z.array(z.string()),
});
export type MadeBackup = z.infer<typeof madeSchema>;

const reasonSchema = z.looseObject({
  code: z.string(),
  subject: z.string(),
  rule: z.string(),
  next: z.string(),
});
const answerSchema = z.union([
  z.object({ made: madeSchema }),
  z.object({ reasons: z.array(reasonSchema).min(1) }),
]);
const questionSchema = z.strictObject({ folder: z.string().refine(isAbsolute) });

// The kernel cuts a longer path of a socket without a word.
const pathBytesMax = 100;

/** The socket of a data folder, by the shorter way to it; undefined when both are too long. */
function socketOf(dataFolder: string): string | undefined {
  const whole = join(dataFolder, 'backup.sock');
  const near = relative(process.cwd(), whole);
  return [whole, near].find((path) => Buffer.byteLength(path) <= pathBytesMax);
}

/**
 * Makes backups for whoever may write to the data folder, while this gateway holds its embedded database: PGlite lets no
 * second process in. One line of JSON asks and one answers; the kernel keeps other users away from the socket.
 */
export async function serveBackups(
  dataFolder: string,
  make: (folder: string) => Promise<MadeBackup>,
): Promise<{ close(): Promise<void> }> {
  const path = socketOf(dataFolder);
  if (path === undefined) return { close: async () => undefined };
  // The lock of the database is held, so no living gateway has this socket.
  await rm(path, { force: true });
  const server = createServer((socket) => answerOne(socket, make));
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  await chmod(path, 0o600);
  server.unref();
  return { close: () => closed(server) };
}

const closed = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

function answerOne(socket: Socket, make: (folder: string) => Promise<MadeBackup>): void {
  let text = '';
  socket.setEncoding('utf8').on('error', () => socket.destroy());
  socket.on('data', (chunk: string) => {
    const isAsked = text.includes('\n');
    text += chunk;
    if (isAsked || !text.includes('\n')) return;
    answerTo(text, make).then(
      (answer) => socket.end(`${JSON.stringify(answer)}\n`),
      () => socket.destroy(),
    );
  });
}

async function answerTo(text: string, make: (folder: string) => Promise<MadeBackup>) {
  try {
    const asked = questionSchema.safeParse(jsonOf(text));
    if (!asked.success) throw fail('request.invalid', 'backup', { found: text.slice(0, 100) });
    return { made: await make(asked.data.folder) };
  } catch (error) {
    return { reasons: asAndonError(error).reasons };
  }
}

/** Asks the gateway that holds a data folder for a backup. Errors: those of the backup; `store.locked` when none answers. */
export async function askForBackup(dataFolder: string, folder: string): Promise<MadeBackup> {
  const path = socketOf(dataFolder);
  const text = path === undefined ? undefined : await asked(path, folder).catch(() => undefined);
  const answer = answerSchema.safeParse(text === undefined ? undefined : jsonOf(text));
  if (!answer.success)
    throw fail('store.locked', dataFolder, {
      found: 'a process that makes no backups',
      next: 'end it first, then try again',
    });
  if ('made' in answer.data) return answer.data.made;
  throw new AndonError(answer.data.reasons as unknown as AndonError['reasons']);
}

function asked(path: string, folder: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(path, () => socket.write(`${JSON.stringify({ folder })}\n`));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.once('error', reject).once('close', () => resolve(text));
  });
}
