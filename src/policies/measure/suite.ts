import { ts } from 'ts-morph';

/** Functions of test tools that take a body of tests: describe, it, test, suite and their kin. */
const suites = new Set([
  ...['describe', 'context', 'suite', 'it', 'specify', 'test', 'bench'],
  ...['fdescribe', 'xdescribe', 'xcontext', 'fit', 'xit', 'xtest', 'xspecify'],
  ...['before', 'after', 'beforeEach', 'afterEach', 'beforeAll', 'afterAll'],
  ...['setup', 'teardown', 'suiteSetup', 'suiteTeardown'],
]);
/** Objects with a method for tests: `t.test(…)` of node:test and tap, `QUnit.module(…)`. */
const members = new Map([
  ['t', new Set(['test', 'before', 'after', 'beforeEach', 'afterEach'])],
  ['QUnit', new Set(['module', 'test'])],
]);

/** True for a function that stands among the arguments of `describe`, `it`, `it.each(…)` and their kin. */
export function isSuiteCallback(node: ts.Node, parent: ts.Node | undefined): boolean {
  if (parent === undefined || !ts.isCallExpression(parent) || parent.expression === node) return false;
  if (!ts.isArrowFunction(node) && !ts.isFunctionExpression(node)) return false;
  return isSuite(parent.expression);
}

/** True for `describe`, `describe.only`, `it.each(rows)`, `` it.each`…` ``, `t.test`. */
function isSuite(callee: ts.Expression): boolean {
  let node = callee;
  let member: string | undefined;
  while (!ts.isIdentifier(node)) {
    if (ts.isPropertyAccessExpression(node)) {
      member = node.name.text;
      node = node.expression;
    } else if (ts.isCallExpression(node)) node = node.expression;
    else if (ts.isTaggedTemplateExpression(node)) node = node.tag;
    else return false;
  }
  return suites.has(node.text) || (member !== undefined && members.get(node.text)?.has(member) === true);
}
