import { useState } from 'react';

const storageKey = 'andon-snoozed';
const snoozeMs = 30 * 60_000;

type Until = Readonly<Record<string, number>>;

function stored(): Until {
  try {
    return JSON.parse(sessionStorage.getItem(storageKey) ?? '{}') as Until;
  } catch {
    return {};
  }
}

/** What was put off in this tab, and the way to do so: for half an hour, and without lowering any count. */
export function useSnooze(): { isSnoozed(key: string): boolean; snooze(key: string): void } {
  const [until, setUntil] = useState(stored);
  return {
    isSnoozed: (key) => (until[key] ?? 0) > Date.now(),
    snooze: (key) => {
      const next = { ...until, [key]: Date.now() + snoozeMs };
      setUntil(next);
      try {
        sessionStorage.setItem(storageKey, JSON.stringify(next));
      } catch {
        // A browser that stores nothing forgets it with the screen.
      }
    },
  };
}
