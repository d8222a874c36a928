import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Linter } from 'eslint';
import { createAnalyser } from '../../src/analysis/analyser.ts';
import { checkSources, type SourceChange } from '../../src/analysis/check-sources.ts';
import { plainRules } from '../../src/policies/code-rules.ts';
import { median, quantile, timed } from './support/figures.ts';
import { type BenchRow, type BenchTable, runWhenMain } from './support/table.ts';
import { peakMegabytes } from './support/tree-memory.ts';

const rules = plainRules({ complexity: 8, lines: 60 });
const rounds = 100;
const warmUps = 30;
const goalMs = 15;

/** A function of ten dense lines in each language; thirty of them make a file. */
const samples: Readonly<Record<string, { readonly path: string; readonly of: (name: string) => string }>> = {
  Python: {
    path: 'a.py',
    of: (name) => `def ${name}(self, items, *, limit=10, reverse=False):
    found = [item.value for item in items if item.isactive and item.value > limit]
    try:
        for index, value in enumerate(sorted(found, reverse=reverse)):
            if value in self.known:
                self.known[value] = f"{index}: {value!r}"
            elif not value:
                raise ValueError("no value", index)
    except (KeyError, IndexError) as error:
        return {"error": str(error), "count": len(found)}
    return {"found": found, "known": dict(self.known)}

`,
  },
  Go: {
    path: 'a.go',
    of: (name) => `func (s *Store) ${name}(items []Item, limit int) (map[string]int, error) {
	found := make(map[string]int, len(items))
	for index, item := range items {
		if item.Value > limit && item.Active {
			found[item.Name] += item.Value * index
		} else if err := s.check(item); err != nil {
			return nil, fmt.Errorf("item %d: %w", index, err)
		}
	}
	return found, nil
}
`,
  },
  Rust: {
    path: 'a.rs',
    of: (name) => `pub fn ${name}(&mut self, items: &[Item], limit: u64) -> Result<Vec<u64>, Error> {
    let mut found: Vec<u64> = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match item.kind {
            Kind::Active if item.value > limit => found.push(item.value * index as u64),
            Kind::Broken | Kind::Gone => return Err(Error::new(format!("item {}", index))),
            _ => self.note(item.name.as_str())?,
        }
    }
    Ok(found.into_iter().filter(|one| *one > 0 && *one < u64::MAX).collect())
}
`,
  },
  Java: {
    path: 'A.java',
    of: (
      name,
    ) => `    public Map<String, Long> ${name}(List<? extends Item> items, long limit) throws IOException {
        Map<String, Long> found = new HashMap<>();
        for (Item item : items) {
            if (item.value() > limit && item.isActive()) {
                found.merge(item.name(), item.value() * 2, (one, other) -> one + other);
            } else if (this.known.contains(item.name())) {
                throw new IOException("item " + item.name() + (limit > 0 ? " over" : ""));
            }
        }
        return Collections.unmodifiableMap(found);
    }
`,
  },
  C: {
    path: 'a.c',
    of: (name) => `static int ${name}(struct store *store, const struct item *items, size_t count) {
	int found = 0;
	for (size_t index = 0; index < count; index++) {
		if (items[index].value > store->limit && items[index].active) {
			found += (int)(items[index].value * index);
		} else if (check(store, &items[index]) != 0) {
			return -EINVAL;
		}
	}
	return found > 0 ? found : store->fallback;
}
`,
  },
};

const heads: Readonly<Record<string, [head: string, tail: string]>> = {
  Go: ['package store\n', ''],
  Rust: ['impl Store {\n', '}\n'],
  Java: ['class A {\n', '}\n'],
};

async function row(language: string): Promise<BenchRow> {
  const sample = samples[language];
  if (sample === undefined) throw new Error(language);
  const analyser = createAnalyser({ processesMax: 1 });
  const [head = '', tail = ''] = heads[language] ?? [];
  const text = (round: number): Buffer =>
    Buffer.from(
      `${head}${Array.from({ length: 27 }, (_, at) => sample.of(`f${at}_${round}`)).join('')}${tail}`,
    );
  const times: number[] = [];
  for (let round = 0; round < rounds + warmUps; round += 1) {
    const change = { path: sample.path, before: text(2 * round), after: text(2 * round + 1) };
    const begun = performance.now();
    const found = await checkSources(analyser, [change], rules);
    if (round >= warmUps) times.push(performance.now() - begun);
    if (found.length > 0)
      throw new Error(`${language}: ${found[0]?.code} ${found[0]?.subject} ${found[0]?.found}`);
  }
  analyser.close();
  const lines = text(0).toString().split('\n').length - 1;
  return {
    what: `${language}, a new text of ${lines} lines`,
    value: `${median(times).toFixed(2)} ms p50, ${quantile(times, 0.95).toFixed(2)} ms p95`,
    goal: `at most ${goalMs} ms p50`,
    ok: median(times) <= goalMs,
  };
}

const root = join(import.meta.dirname, '../../node_modules');
const auditLines = 300_000;
const batchFiles = 64;
/** Rounds until both have compiled what they run often: each of our two processes sees but half of the files. */
const warmRounds = 4;

/** Sources of installed packages, until there are so many lines. */
function repository(): SourceChange[] {
  const files: SourceChange[] = [];
  let lines = 0;
  for (const name of [
    'eslint',
    'drizzle-orm',
    'zod',
    'hono',
    'pg-boss',
    'vitest',
    'postcss',
    'luxon',
    'yaml',
    'effect',
    'rolldown',
  ]) {
    for (const one of sourcesOf(name)) {
      if (lines >= auditLines) return files;
      const after = readFileSync(one);
      lines += after.toString('latin1').split('\n').length;
      files.push({ path: one.slice(root.length + 1), after });
    }
  }
  return files;
}

function sourcesOf(name: string): string[] {
  try {
    return readdirSync(join(root, name), { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile() && /\.[cm]?[jt]s$/.test(one.name) && !/\.d\.[cm]?ts$/.test(one.name))
      .map((one) => join(one.parentPath, one.name));
  } catch {
    return [];
  }
}

async function audit(): Promise<BenchRow[]> {
  const files = repository();
  const lines = files.reduce((sum, { after }) => sum + String(after).split('\n').length, 0);
  const analyser = createAnalyser();
  const whole = async (): Promise<number> => {
    const begun = performance.now();
    for (let at = 0; at < files.length; at += batchFiles)
      await checkSources(analyser, files.slice(at, at + batchFiles), rules);
    return performance.now() - begun;
  };
  let empty = 0;
  const megabytes = await peakMegabytes(async () => {
    empty = await whole();
  });
  const full = await whole();
  analyser.close();
  return [
    {
      what: `audit of ${files.length} files, ${lines} lines, empty cache`,
      value: `${(empty / 1000).toFixed(1)} s`,
      goal: 'under 15 s for 300,000 lines',
      ok: (empty / lines) * auditLines < 15_000,
    },
    {
      what: 'the same, full cache',
      value: `${(full / 1000).toFixed(2)} s`,
      goal: 'under 1 s',
      ok: (full / lines) * auditLines < 1_000,
    },
    {
      what: 'memory of the first, this process with its own sources and the two that parse',
      value: `${megabytes.toFixed(0)} MB`,
      goal: 'under 1,000 MB',
      ok: megabytes < 1_000,
    },
  ];
}

/** All sources of a large package, beside ESLint's Linter with the same two rules, both warm. Andon takes the two processes that it has by default. */
async function besideEslint(): Promise<BenchRow> {
  const files = sourcesOf('eslint').map((path) => ({ path, text: readFileSync(path, 'utf8') }));
  // Another comment at the end of each file keeps the cache out.
  const round = (name: string) =>
    files.map(({ path, text }) => ({ path, after: Buffer.from(`${text}\n// ${name}`) }));
  const analyser = createAnalyser();
  const linter = new Linter();
  const config: Linter.Config = {
    languageOptions: { sourceType: 'commonjs' },
    rules: { complexity: ['error', 8], 'max-lines-per-function': ['error', 60] },
  };
  const ours = async (name: string): Promise<number> =>
    timed(() => checkSources(analyser, round(name), rules));
  const theirs = async (name: string): Promise<number> =>
    timed(() => {
      for (const { after } of round(name)) linter.verify(after.toString(), config);
    });
  for (let round = 0; round < warmRounds; round += 1) {
    await ours(`warm ${round}`);
    await theirs(`warm ${round}`);
  }
  const times: [us: number, eslint: number][] = [];
  for (let round = 0; round < 3; round += 1)
    times.push([await ours(`measured ${round}`), await theirs(`measured ${round}`)]);
  const [us, eslint] = [median(times.map(([one]) => one)), median(times.map(([, other]) => other))];
  analyser.close();
  return {
    what: `all ${files.length} sources of eslint, in two processes`,
    value: `${(us / 1000).toFixed(2)} s beside ${(eslint / 1000).toFixed(2)} s`,
    ratio: `${(eslint / us).toFixed(1)} times as fast as ESLint`,
    goal: 'at least 4 times as fast',
    ok: eslint >= 4 * us,
  };
}

/** Checks of changed files in every language, of a whole repository, and beside ESLint. */
export async function run(): Promise<BenchTable> {
  const rows: BenchRow[] = [];
  for (const language of Object.keys(samples)) rows.push(await row(language));
  return {
    title: 'checks by language, worker round trip included',
    rows: [...rows, ...(await audit()), await besideEslint()],
  };
}

await runWhenMain(import.meta.url, run);
