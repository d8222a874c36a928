import { readdir, readFile, readlink } from 'node:fs/promises';

interface ListeningSocket {
  readonly inode: string;
  readonly uid: number;
}

/**
 * The program that listens at a port of this machine, in words: the process when the system lets this user
 * see it, else its user; undefined when neither can be told (outside Linux).
 */
export async function portOwner(port: number): Promise<string | undefined> {
  const listeners = [
    ...(await listenersIn('/proc/net/tcp', port)),
    ...(await listenersIn('/proc/net/tcp6', port)),
  ];
  const [first] = listeners;
  if (first === undefined) return undefined;
  const pid = await processOf(new Set(listeners.map(({ inode }) => `socket:[${inode}]`)));
  if (pid === undefined) return `a process of user ${first.uid}`;
  return `process ${pid} (${await commandOf(pid)}) of user ${first.uid}`;
}

const listening = '0A';

/** Sockets in state LISTEN at the port, as proc(5) lists them. */
async function listenersIn(path: string, port: number): Promise<ListeningSocket[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return text.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , uid = '', , inode = ''] = line.trim().split(/\s+/);
    return local.endsWith(wanted) && state === listening ? [{ inode, uid: Number(uid) }] : [];
  });
}

async function processOf(sockets: ReadonlySet<string>): Promise<string | undefined> {
  const all = await readdir('/proc').catch(() => []);
  for (const pid of all.filter((name) => /^\d+$/.test(name))) {
    const folder = `/proc/${pid}/fd`;
    for (const fd of await readdir(folder).catch(() => [])) {
      const target = await readlink(`${folder}/${fd}`).catch(() => '');
      if (sockets.has(target)) return pid;
    }
  }
  return undefined;
}

const commandOf = async (pid: string): Promise<string> =>
  (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '?')).trim();
