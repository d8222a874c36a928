import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { install } from './packages.ts';

const file = new URL('../../deploy/compose.yaml', import.meta.url);
const found = await install('compose', 'dclint@3.1.0', 'ajv@8.20.0', 'ajv-formats@3.0.1');

interface Ajv {
  compile(schema: object): ((data: unknown) => boolean) & { errors?: unknown };
}

it.skipIf(found.kind === 'missing')('deploy/compose.yaml is what the compose specification describes', () => {
  if (found.kind === 'missing') return;
  const require = createRequire(join(found.at, 'package.json'));
  const path = join(found.at, 'node_modules/dclint/schemas/compose.schema.json');
  // Its name of draft 7 is not the one that the validator knows.
  const { $schema: _draft7, ...schema } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  const { default: Validator } = require('ajv') as { default: new (options: object) => Ajv };
  const ajv = new Validator({ strict: false, allErrors: true });
  (require('ajv-formats') as { default: (to: Ajv) => void }).default(ajv);
  const isCompose = ajv.compile(schema);
  const text = readFileSync(file, 'utf8');
  expect(isCompose(parse(text, { merge: true })), JSON.stringify(isCompose.errors, null, 2)).toBe(true);
  const wrong = parse(text.replace('restart: unless-stopped', 'restarts: always'), { merge: true });
  expect(isCompose(wrong)).toBe(false);
});
