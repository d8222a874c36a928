/** One commit that the builder makes: what it thinks, and what it writes. */
export interface Attempt {
  readonly say: string;
  readonly files: Readonly<Record<string, string>>;
}

/** What the builder does about a task: the attempts under its first lease, then those under the next one. */
export interface Recipe {
  readonly first: readonly Attempt[];
  readonly again?: readonly Attempt[];
}

const testOf = (
  name: string,
  imports: string,
  body: string,
): string => `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ${imports} } from '../src/${name}.js';

${body}`;

const money = `import { centsPerUnit } from './index.js';

/** An amount in cents from units and cents. */
export const cents = (units, rest = 0) => units * centsPerUnit + rest;
`;
const moneyTest = testOf(
  'money',
  'cents',
  `test('adds units and cents', () => {
  assert.equal(cents(3, 5), 305);
});
`,
);

const moneyFiles = { 'src/money.js': money, 'test/money.test.js': moneyTest };

const parseTest = testOf(
  'parse',
  'parseAmount',
  `test('reads units and cents', () => {
  assert.equal(parseAmount('12.34'), 1234);
  assert.equal(parseAmount('7'), 700);
});

test('refuses what is no amount', () => {
  assert.throws(() => parseAmount('seven'));
});
`,
);
const parseWrong = `/** The cents of an amount such as 12.34. */
export function parseAmount(text) {
  return Math.round(Number(text) * 100);
}
`;
const parseRight = `import { cents } from './money.js';

/** The cents of an amount such as 12.34; throws for anything else. */
export function parseAmount(text) {
  const found = /^(\\d+)(?:\\.(\\d\\d))?$/.exec(text);
  if (found === null) throw new TypeError('no amount: ' + text);
  return cents(Number(found[1]), Number(found[2] ?? 0));
}
`;

const totalTangled = `/** The total of a cart in cents. */
export function total(items, kind, day, code) {
  let sum = 0;
  for (const item of items) {
    if (item.price > 0 && item.count > 0) {
      sum += item.price * item.count;
    } else if (item.gift || item.sample) {
      sum += 0;
    }
  }
  if (kind === 'member' && sum > 10000) sum -= sum * 0.1;
  else if (kind === 'staff' || kind === 'owner') sum -= sum * 0.2;
  if (day === 'monday' && sum > 5000) sum -= 500;
  if (code === 'SPRING') sum -= 100;
  return sum < 0 ? 0 : Math.round(sum);
}
`;
const totalPlain = `const rates = { member: 0.1, staff: 0.2 };

/** The total of a cart in cents, after the discount of the kind of customer. */
export function total(items, kind) {
  const sum = items.reduce((before, { price, count }) => before + price * count, 0);
  return Math.round(sum * (1 - (rates[kind] ?? 0)));
}
`;
const totalTest = testOf(
  'total',
  'total',
  `test('adds up and takes the discount off', () => {
  const items = [{ price: 250, count: 2 }, { price: 500, count: 1 }];
  assert.equal(total(items), 1000);
  assert.equal(total(items, 'member'), 900);
});
`,
);

const formatHasty = `/** An amount for people: 1234 is 12.34. */
export function format(amount) {
  // TODO: amounts below zero
  return Math.floor(amount / 100) + '.' + String(amount % 100).padStart(2, '0');
}
`;
const formatRight = `/** An amount for people: 1234 is 12.34, -5 is -0.05. */
export function format(amount) {
  const size = Math.abs(amount);
  const sign = amount < 0 ? '-' : '';
  return sign + Math.floor(size / 100) + '.' + String(size % 100).padStart(2, '0');
}
`;
const formatTest = testOf(
  'format',
  'format',
  `test('shows two digits of cents', () => {
  assert.equal(format(1205), '12.05');
});
`,
);
const formatTestMore = `${formatTest}
test('keeps the sign', () => {
  assert.equal(format(-5), '-0.05');
});
`;

const receipt = `import { format } from './format.js';
import { total } from './total.js';

/** A receipt: a line for each item, and the total. */
export function receipt(items, kind) {
  const lines = items.map(({ name, price, count }) => name + '  ' + format(price * count));
  return [...lines, 'total  ' + format(total(items, kind))].join('\\n');
}
`;
const receiptTest = testOf(
  'receipt',
  'receipt',
  `test('ends with the total', () => {
  assert.equal(receipt([{ name: 'tea', price: 250, count: 2 }]), 'tea  5.00\\ntotal  5.00');
});
`,
);

/** How the builder carries each task out, mistakes included. */
export const recipes: Readonly<Record<string, Recipe>> = {
  money: {
    first: [
      {
        say: 'while I am here, I note it in the README, too',
        files: { ...moneyFiles, 'README.md': '# till\n\nNow with money.\n' },
      },
      { say: 'the README is not mine: only my own two files', files: moneyFiles },
    ],
  },
  guide: {
    first: [
      {
        say: 'a page for people',
        files: {
          'docs/guide.md': '# Guide\n\nAmounts are whole cents. parse reads them, format shows them.\n',
        },
      },
    ],
  },
  parse: {
    first: [
      { say: 'Number() will do', files: { 'src/parse.js': parseWrong, 'test/parse.test.js': parseTest } },
    ],
    again: [
      {
        say: 'the gate is right: Number() lets anything through',
        files: { 'src/parse.js': parseRight, 'test/parse.test.js': parseTest },
      },
    ],
  },
  total: {
    first: [
      {
        say: 'all rules in one function',
        files: { 'src/total.js': totalTangled, 'test/total.test.js': totalTest },
      },
      {
        say: 'a table of rates instead of branches',
        files: { 'src/total.js': totalPlain, 'test/total.test.js': totalTest },
      },
    ],
  },
  format: {
    first: [
      {
        say: 'good enough for now',
        files: { 'src/format.js': formatHasty, 'test/format.test.js': formatTest },
      },
    ],
    again: [
      {
        say: 'with the sign, and a test of it',
        files: { 'src/format.js': formatRight, 'test/format.test.js': formatTestMore },
      },
    ],
  },
  receipt: {
    first: [
      { say: 'the last piece', files: { 'src/receipt.js': receipt, 'test/receipt.test.js': receiptTest } },
    ],
  },
};

/** A file of a later phase, which the builder tries to push ahead of time. */
export const tooEarly: Attempt = {
  say: 'I could get ahead and push the receipt already',
  files: { 'src/receipt.js': receipt },
};
