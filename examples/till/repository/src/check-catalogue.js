// Fails when two articles of the catalogue have the same code: each is right by itself.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../catalogue/', import.meta.url);
const seen = new Map();
for (const file of existsSync(folder) ? readdirSync(folder).sort() : []) {
  const { code } = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
  const other = seen.get(code);
  if (other !== undefined) {
    console.log(`${file} and ${other} both have the code ${code}`);
    process.exit(1);
  }
  seen.set(code, file);
}
console.log(`${seen.size} articles, each with a code of its own`);
