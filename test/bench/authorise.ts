import { createRequire } from 'node:module';
import { importJWK, jwtVerify } from 'jose';
import { createTokenAuthority } from '../../src/gateway/auth/verify-token.ts';
import { compileScope } from '../../src/lib/glob-match.ts';
import { escapes } from '../../src/lib/glob-search.ts';
import { type AccessRequest, authorise } from '../../src/tiers/authorise.ts';
import { type Bench, draftOf, openBench } from '../support/authority.ts';
import { loadBiscuit } from '../support/biscuit.ts';
import { fullCapability, issuer } from '../support/capabilities.ts';
import { median } from './support/figures.ts';
import { type BenchRow, type BenchTable, runWhenMain } from './support/table.ts';

const cap = fullCapability('implementer', {
  write: ['src/cart/**', 'test/cart/**', 'doc/*.md'],
  deny: ['**/*.pem'],
  task: 'cart-api',
  epoch: 3,
});
const request: AccessRequest = {
  action: 'repo:push',
  project: 'shop',
  task: 'cart-api',
  epoch: 3,
  phase: 'build',
  ref: 'refs/heads/task/cart-api/3/work',
  paths: ['src/cart/add.ts'],
};

interface Timing {
  readonly p50Us: number;
  readonly perSecond: number;
}

/** Times each call separately for the median, and all of them together for the rate. */
async function time(calls: number, call: (i: number) => unknown): Promise<Timing> {
  for (let i = 0; i < calls / 4; i++) await call(i);
  const samples = new Float64Array(calls);
  const started = performance.now();
  for (let i = 0; i < calls; i++) {
    const before = performance.now();
    const answer = call(i);
    if (answer instanceof Promise) await answer;
    samples[i] = performance.now() - before;
  }
  const totalMs = performance.now() - started;
  return { p50Us: (samples.sort()[calls >> 1] ?? 0) * 1000, perSecond: (calls / totalMs) * 1000 };
}

const us = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} µs`;
const perSecond = (value: number): string => `${Math.round(value / 1000)}k/s`;

function allow(reasons: readonly unknown[]): void {
  if (reasons.length > 0) throw new Error('the benchmark was refused');
}

async function signMany(bench: Bench, count: number): Promise<string[]> {
  const tokens: string[] = [];
  for (let i = 0; i < count; i++) {
    const jti = `tok_${i
      .toString(32)
      .replace(/[^0-9a-f]/g, '0')
      .padStart(26, '0')}`;
    tokens.push(await bench.authority.sign(draftOf(cap, { jti, epoch: i })));
  }
  return tokens;
}

async function warmRows(bench: Bench, tokens: readonly string[]): Promise<BenchRow[]> {
  const { authority } = bench;
  const facts = { nowSeconds: 1_000, epoch: 0, revoked: undefined };
  const whole = await time(200_000, async (i) => {
    const grant = await authority.verify(tokens[i % tokens.length] ?? '');
    allow(authorise(grant, request, facts));
  });
  const grant = await authority.verify(tokens[0] ?? '');
  const decision = await time(200_000, () => allow(authorise(grant, request, facts)));
  const twenty = { ...request, paths: Array.from({ length: 20 }, (_, i) => `src/cart/part/${i}.ts`) };
  const twentyPaths = await time(100_000, () => allow(authorise(grant, twenty, facts)));
  return [
    {
      what: 'warm: token, revocation, decision, one path (p50)',
      value: us(whole.p50Us),
      goal: '10 µs',
      ok: whole.p50Us <= 10,
    },
    {
      what: 'warm: the same, rate',
      value: perSecond(whole.perSecond),
      goal: '100k/s',
      ok: whole.perSecond >= 100_000,
    },
    { what: 'decision alone, one path', value: us(decision.p50Us) },
    { what: 'decision alone, 20 paths', value: us(twentyPaths.p50Us) },
  ];
}

/** Andon's verification and jose's take turns, so that a busy machine is busy for both. */
async function coldRows(bench: Bench, tokens: readonly string[]): Promise<BenchRow[]> {
  const authority = createTokenAuthority({
    issuer,
    keys: bench.keys,
    now: () => 1_000_000,
    cacheEntriesMax: 1,
  });
  const [jwk] = bench.keys.jwks().keys;
  const key = await importJWK(jwk ?? {}, 'EdDSA');
  const options = {
    issuer,
    audience: `${issuer}/projects/shop`,
    typ: 'cap+jwt',
    algorithms: ['EdDSA'],
    currentDate: new Date(1_000_000),
  };
  const facts = { nowSeconds: 1_000, epoch: 0, revoked: undefined };
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < 10; round++) {
    const peer = await time(400, (i) => jwtVerify(tokens[i % tokens.length] ?? '', key, options));
    const own = await time(400, async (i) => {
      allow(authorise(await authority.verify(tokens[i % tokens.length] ?? ''), request, facts));
    });
    ours.push(own.p50Us);
    theirs.push(peer.p50Us);
  }
  const [own, peer] = [median(ours), median(theirs)];
  return [
    {
      what: 'cold: precheck, signature, schema, decision (p50)',
      value: us(own),
      ratio: `${(own / peer).toFixed(2)} of jose`,
      goal: '1.3 of jose',
      ok: own <= 1.3 * peer,
    },
    { what: 'jose.jwtVerify alone', value: us(peer) },
  ];
}

async function cedarRow(): Promise<BenchRow[]> {
  const cedar = createRequire(import.meta.url)(
    '@cedar-policy/cedar-wasm/nodejs',
  ) as typeof import('@cedar-policy/cedar-wasm/nodejs');
  const policy = `permit(principal == Agent::"builder-1", action == Action::"repo:push", resource in Project::"shop")
    when { context.task == "cart-api" && context.epoch == 3 && context.ref like "refs/heads/task/*" &&
      (context.path like "src/cart/*" || context.path like "test/cart/*") } unless { context.path like "*.pem" };`;
  cedar.preparsePolicySet('bench', { staticPolicies: policy });
  const call = {
    principal: { type: 'Agent', id: 'builder-1' },
    action: { type: 'Action', id: 'repo:push' },
    resource: { type: 'Project', id: 'shop' },
    context: { task: 'cart-api', epoch: 3, ref: request.ref ?? '', path: 'src/cart/add.ts' },
    entities: [],
    preparsedPolicySetId: 'bench',
  };
  const timing = await time(5_000, () => {
    const answer = cedar.statefulIsAuthorized(call);
    if (answer.type !== 'success' || answer.response.decision !== 'allow') throw new Error('Cedar refused');
  });
  return [{ what: 'Cedar (wasm, cached policies, no token)', value: us(timing.p50Us) }];
}

async function biscuitRow(): Promise<BenchRow[]> {
  const { Authorizer, Biscuit, KeyPair } = await loadBiscuit();
  const pair = new KeyPair();
  const builder = Biscuit.builder();
  builder.addCode(
    'op("repo:push"); project("shop"); task("cart-api"); epoch(3); folder("src/cart/"); folder("test/cart/");',
  );
  const token = builder.build(pair.getPrivateKey()).toBase64();
  const policy = `allow if op("repo:push"), project("shop"), task("cart-api"), epoch(3), folder($f),
    "src/cart/add.ts".starts_with($f);`;
  const timing = await time(500, () => {
    const authorizer = new Authorizer();
    authorizer.addCode(policy);
    authorizer.addToken(Biscuit.fromBase64(token, pair.getPublicKey()));
    // The default limit of one millisecond is too tight for a busy machine.
    authorizer.authorizeWithLimits({ max_facts: 100, max_iterations: 100, max_time_micro: 1_000_000 });
  });
  return [{ what: 'Biscuit (wasm): parse, verify and authorise', value: us(timing.p50Us) }];
}

async function globRows(): Promise<BenchRow[]> {
  const inScope = compileScope(cap.write, cap.deny);
  const match = await time(200_000, () => inScope('src/cart/part/add.ts'));
  const contain = await time(2_000, () =>
    escapes(cap.write, cap.deny, ['src/**', 'test/**', 'doc/**'], ['**/*.pem', '**/*.key']),
  );
  return [
    { what: 'match one path in a scope', value: us(match.p50Us), goal: '1 µs', ok: match.p50Us <= 1 },
    { what: 'containment of two scopes', value: us(contain.p50Us) },
  ];
}

/** Authorising one call, warm and cold, beside jose, Cedar and Biscuit in the same run. */
export async function run(): Promise<BenchTable> {
  await using bench = await openBench();
  const tokens = await signMany(bench, 400);
  const rows = [
    ...(await warmRows(bench, tokens)),
    ...(await coldRows(bench, tokens)),
    ...(await cedarRow()),
    ...(await biscuitRow()),
    ...(await globRows()),
  ];
  return { title: 'authorise', rows };
}

await runWhenMain(import.meta.url, run);
