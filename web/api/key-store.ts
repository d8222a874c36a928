import type { OpenedSession } from '../../src/gateway/page/shapes.ts';

/** A session as this browser keeps it: the private key cannot be read out, and no other port sees it. */
export interface KeptSession extends OpenedSession {
  readonly keys: CryptoKeyPair;
  /** The key of the gateway, as the `x` of its JWK. */
  readonly gatewayKey: string;
}

const storeName = 'session';
const present = 'present';

let isBlocked = false;

/** True where the browser stores nothing at this address: the session is then forgotten with its tab. */
export const isStorageBlocked = (): boolean => isBlocked;

/** Set where the browser stores nothing: the session then ends with the tab. */
let inMemory: KeptSession | undefined;

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open('andon', 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(storeName);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function inStore<T>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((resolve, reject) => {
      const asked = work(database.transaction(storeName, mode).objectStore(storeName));
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
  } finally {
    database.close();
  }
}

/** The session of this browser at this port, or undefined. */
export async function readKept(): Promise<KeptSession | undefined> {
  try {
    const kept = await inStore<unknown>('readonly', (store) => store.get(present));
    return (kept as KeptSession | undefined) ?? inMemory;
  } catch {
    isBlocked = true;
    return inMemory;
  }
}

/** Keeps the session; in memory alone where the browser stores nothing. */
export async function keep(session: KeptSession): Promise<void> {
  inMemory = session;
  try {
    await inStore('readwrite', (store) => store.put(session, present));
  } catch {
    isBlocked = true;
  }
}

/** Forgets the session and its key. */
export async function forget(): Promise<void> {
  inMemory = undefined;
  await inStore('readwrite', (store) => store.delete(present)).catch(() => undefined);
}
