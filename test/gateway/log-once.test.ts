import pino from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LogOnce } from '../../src/gateway/log-once.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

test('a failure is told once a minute for each kind and place, whatever its text names', () => {
  const lines: { msg: string; project: string; err: { message: string } }[] = [];
  const errors = new LogOnce(pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) }));
  const full = (path: string) => Object.assign(new Error(`no room: ${path}`), { code: 'ENOSPC' });
  const tell = (path: string, project = 'shop', what = 'landing') =>
    errors.error(full(path), { project }, what);
  tell('a');
  tell('b');
  vi.advanceTimersByTime(59_000);
  tell('c');
  expect(lines.map(({ err }) => err.message)).toEqual(['no room: a']);
  tell('d', 'till');
  tell('e', 'shop', 'reconcile');
  errors.error(new Error('another'), { project: 'shop' }, 'landing');
  expect(lines.slice(1).map(({ err }) => err.message)).toEqual(['no room: d', 'no room: e', 'another']);
  vi.advanceTimersByTime(1_000);
  tell('f');
  expect(lines.at(-1)).toMatchObject({ msg: 'landing', project: 'shop', err: { message: 'no room: f' } });
});
