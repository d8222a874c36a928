import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dropSetups, examineSetups } from '../../src/cli/doctor/setups.ts';
import { listSetups, SetupStore } from '../../src/runner/setups/setup-store.ts';

const keyOf = (letter: string): string => letter.repeat(64);

describe('the store of set-ups', () => {
  let folder: string;
  let store: SetupStore;
  let said: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'andon-setups-'));
    said = [];
    store = open();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const at = (name: string) => join(folder, name);
  const open = (limits?: ConstructorParameters<typeof SetupStore>[2]) =>
    new SetupStore(at('setups'), (words) => said.push(words), limits);
  async function put(letter: string, text: string, of = store): Promise<void> {
    writeFileSync(at(`source-${letter}`), text);
    await of.put(keyOf(letter), at(`source-${letter}`));
  }
  const keys = async () => (await listSetups(at('setups'))).map(({ key }) => key.slice(0, 1)).sort();

  it('answers what it was given, in a folder and files for its owner alone', async () => {
    expect(await store.copy(keyOf('a'), at('none'))).toBe(false);
    await put('a', 'content');
    expect(await store.copy(keyOf('a'), at('copy'))).toBe(true);
    expect(readFileSync(at('copy'), 'utf8')).toBe('content');
    expect(statSync(at('setups')).mode & 0o777).toBe(0o700);
    for (const end of ['tar', 'sha256'])
      expect(statSync(join(at('setups'), `${keyOf('a')}.${end}`)).mode & 0o777).toBe(0o600);
    chmodSync(at('copy'), 0o777);
    writeFileSync(at('copy'), 'altered');
    expect(await store.copy(keyOf('a'), at('again'))).toBe(true);
    expect(readFileSync(at('again'), 'utf8')).toBe('content');
  });

  it.each([
    ['a symbolic link', () => symlinkSync('/etc/passwd', at('odd'))],
    [
      'a second name of a file',
      () => {
        writeFileSync(at('other'), 'x');
        linkSync(at('other'), at('odd'));
      },
    ],
    ['a folder', () => mkdirSync(at('odd'))],
  ])('takes no %s from a set-up', async (_what, make) => {
    make();
    await expect(store.put(keyOf('a'), at('odd'))).rejects.toThrow();
    expect(await keys()).toEqual([]);
  });

  it.each(['tar', 'sha256'])('gives out no entry whose .%s was altered, and drops it', async (end) => {
    await put('a', 'content');
    writeFileSync(join(at('setups'), `${keyOf('a')}.${end}`), 'altered');
    expect(await store.copy(keyOf('a'), at('copy'))).toBe(false);
    expect(said).toHaveLength(1);
    expect(await keys()).toEqual([]);
  });

  it('gives out no entry that was replaced by a link', async () => {
    await put('a', 'content');
    writeFileSync(at('elsewhere'), 'content');
    const file = join(at('setups'), `${keyOf('a')}.tar`);
    rmSync(file);
    symlinkSync(at('elsewhere'), file);
    expect(await store.copy(keyOf('a'), at('copy'))).toBe(false);
  });

  it('keeps as much as it may, the latest used first', async () => {
    const small = open({ bytesMax: 25, ageMsMax: 1_000_000 });
    for (const letter of ['a', 'b']) await put(letter, '0123456789', small);
    const past = new Date(Date.now() - 60_000);
    for (const letter of ['a', 'b']) utimesSync(join(at('setups'), `${keyOf(letter)}.tar`), past, past);
    expect(await small.copy(keyOf('a'), at('copy'))).toBe(true);
    await put('c', '0123456789', small);
    expect(await keys()).toEqual(['a', 'c']);
  });

  it('drops what nobody has used for too long', async () => {
    await put('a', 'x');
    await store.prune(Date.now() + 31 * 86_400_000);
    expect(await keys()).toEqual([]);
  });

  it('is shown by the doctor, and cleared', async () => {
    await put('a', 'x');
    const [found] = await examineSetups(folder, at('state'), Date.now());
    expect(found).toMatchObject({ check: 'setups', status: 'ok' });
    expect(found?.found).toMatch(/^1 kept, 1 MB/);
    expect(await dropSetups(folder, at('state'))).toEqual([at('setups')]);
    expect(await examineSetups(folder, at('state'), Date.now())).toEqual([]);
  });
});
