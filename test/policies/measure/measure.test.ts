import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measure } from '../../../src/policies/measure/measure.ts';
import { complexities, digest, refusalOf, unitsOf } from '../../support/measure.ts';

describe('measure', () => {
  it.each([
    ['if (a) {}', 2],
    ['a ? b : c', 2],
    ['for (;;) {}', 2],
    ['for (const k in a) {}', 2],
    ['for (const k of a) {}', 2],
    ['while (a) {}', 2],
    ['do {} while (a)', 2],
    ['try {} catch {}', 2],
    ['try {} finally {}', 1],
    ['switch (a) { case 1: case 2: break; default: }', 3],
    ['a && b || c ?? d'.replace(' ?? d', ''), 3],
    ['a ?? b', 2],
    ['a &&= b; a ||= b; a ??= b', 4],
    ['a?.b?.[c]?.(d)', 4],
    ['const { x = 1, y: [z = 2] = [] } = a', 4],
    ['[a = 1, { b = 2, c: d = 3 }, ...[e = 4]] = f', 5],
    ['({ a: [b = 1], ...c } = f)', 2],
    ['for ([a = 1] of f) {}', 3],
    ['[a[(b = 1)]] = f', 1],
    ['a = [b = 1]', 1],
    ['label: while (a) continue label', 2],
  ])('counts `%s` as %i', (body, expected) => {
    expect(complexities(`function f(a, b, c) { ${body}; }`, 'js')).toEqual({ f: expected });
  });

  it('takes what Node takes: a private name in a chain, and octal escapes of scripts, not of modules', () => {
    expect(complexities('class A { #x = 1; static eq(a) { return a?.#x; } }', 'mjs')).toMatchObject({
      eq: 2,
    });
    const red = 'const red = (s) => "\\033[31m" + s;';
    expect(refusalOf(`module.exports = ${red.slice(12)}`, 'cjs')).toBeUndefined();
    for (const [text, kind] of [
      [`export ${red}`, 'js'],
      [red, 'mjs'],
      [red, 'ts'],
    ] as const)
      expect(refusalOf(text, kind)?.code).toBe('source.syntax');
  });

  it('counts default values of parameters for the function, computed names and decorators for what encloses it', () => {
    const found = unitsOf('class C { @d(a ?? b) [x || y](p = 1, @e(c && d) q = 2) {} }');
    expect(found.map((unit) => [unit.name, unit.complexity])).toEqual([
      ['<module>', 3],
      ['[computed]', 4],
    ]);
  });

  it('counts nested functions, field initializers and static blocks apart', () => {
    const text = `
      class C {
        handler = a ? () => (b ? 1 : 2) : undefined;
        static { if (a) b(); }
        get size() { return a || 0; }
        constructor(private x = 1) {}
      }
      const outer = () => { if (a) list.map(function () { return b && c; }); };
      export default (a) => a?.b;`;
    expect(unitsOf(text).map((unit) => `${unit.kind} ${unit.name} ${unit.complexity}`)).toEqual([
      'module <module> 1',
      'field handler 2',
      'arrow <anonymous> 2',
      'static <static> 2',
      'getter size 2',
      'constructor constructor 2',
      'arrow outer 2',
      'function <anonymous> 2',
      'arrow default 2',
    ]);
  });

  it('makes no unit of overloads, abstract members, declarations and types', () => {
    const text = `
      function f(a: string): void;
      function f(a: unknown): void {}
      declare function g(): void;
      abstract class C { abstract m(): void; n?(): void; field: number }
      type T = A extends B ? C : D;`;
    expect(unitsOf(text).map((unit) => unit.name)).toEqual(['<module>', 'f']);
  });

  it('counts all lines of a function from its own first, after decorators and `export default`', () => {
    const text =
      '@d()\nexport default\nclass C {\n  @d()\n  // why\n  static async m() {\n\n  // blank and comment\n  }\n}\n';
    expect(
      unitsOf(text).map(({ name, startLine, endLine, lines }) => [name, startLine, endLine, lines]),
    ).toEqual([
      ['<module>', 1, 11, 11],
      ['m', 6, 9, 4],
    ]);
  });

  it('never changes a number or a digest for a comment, layout, a BOM or CRLF', () => {
    const plain = unitsOf('const f = (a = 1) => { return a / 2 / 3 ?? /[/]\\/* x/; };\nclass C { m() {} }');
    const noisy = unitsOf(
      '// @ts-nocheck @generated\r\n/* eslint-disable */ const f = (a /*?*/ = 1) =>\r\n {\r\n  return a / 2 // && ||\r\n / 3 ?? /[/]\\/* x/; };\r\nclass C { /** if */ m() { } }',
    );
    const essence = (units: typeof plain) =>
      units.map(({ name, complexity, hash, wholeHash }) => [name, complexity, hash, wholeHash]);
    expect(essence(noisy)).toEqual(essence(plain));
  });

  it.each([
    ['a + ++b', 'a++ + b'],
    ['a - b', 'a + b'],
    ['"a b"', '"a  b"'],
    ['/a b/', '/ab/'],
    ['`a //b`', '`a `'],
    ['return a', 'return; a'],
    ['let a = 1', 'const a = 1'],
    ['await a', 'a'],
    ['this.a', 'super.a'],
    ['a?.b', 'a.b'],
    ['f(a, b)', 'f((a, b))'],
  ])('tells `%s` from `%s` by the digest', (one, other) => {
    const hash = (body: string) => unitsOf(`class C { async m(a, b) { ${body} } }`)[1]?.hash;
    expect(hash(one)).not.toBe(hash(other));
  });

  it('alters the whole digest of a function, not its own, when a function inside it is altered', () => {
    const [, before] = unitsOf('function f() { return () => 1; }');
    const [, after] = unitsOf('function f() { return () => 2; }');
    expect(after?.hash).toBe(before?.hash);
    expect(after?.wholeHash).not.toBe(before?.wholeHash);
  });

  it('cleans names, which end in terminals', () => {
    expect(unitsOf(`class C { '\\u001b[31m\\u202e${'x'.repeat(200)}'() {} }`)[1]?.name).toMatch(
      /^\?\[31m\?x{10,75}$/,
    );
  });

  it('refuses text with any syntax error, at its line', () => {
    expect(refusalOf('const a = 1;\nif (a {')).toMatchObject({ code: 'source.syntax', line: 2 });
    expect(refusalOf('<<<<<<< HEAD\nconst a = 1;\n=======\n>>>>>>> x')).toMatchObject({
      code: 'source.syntax',
    });
  });

  it('counts the same whatever functions are called and wherever they stand', () => {
    const body = fc.constantFrom(
      'if (a) b();',
      'return a?.b ?? c;',
      'for (const x of a) x &&= 1;',
      'a(() => b || c);',
      '',
    );
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{3,8}_[0-9]$/), { minLength: 8, maxLength: 8 });
    const bodies = fc.array(body, { minLength: 1, maxLength: 8 });
    const property = fc.property(bodies, names, names, fc.nat(), (list, one, other, turn) => {
      const write = (text: string, name: string | undefined) => `function ${name}(p = 1) { ${text} }`;
      const numbers = (texts: string[]) =>
        unitsOf(texts.join('\n'))
          .slice(1)
          .map((unit) => unit.complexity)
          .sort();
      const moved = [...list.slice(turn % list.length), ...list.slice(0, turn % list.length)];
      expect(numbers(moved.map((text, at) => write(text, other[at])))).toEqual(
        numbers(list.map((text, at) => write(text, one[at]))),
      );
    });
    fc.assert(property, { seed: Number(process.env.SEED ?? 20261121), verbose: true });
  });

  it('names types of Flow where they are the reason, and reads a file that only says so', () => {
    const typed = '// @flow\nconst f = (a: ?string): {| b: 1 |} => a;\n';
    const refused = measure(typed, 'js', digest);
    expect(refused).toMatchObject({
      refusal: { code: 'source.syntax', found: expect.stringMatching(/\(types of Flow\)$/) },
    });
    expect(measure('// @flow\nconst f = (a) => a;\n', 'js', digest)).toHaveProperty('units');
    expect(measure(typed.replace('@flow', 'x'), 'js', digest)).toMatchObject({
      refusal: { found: expect.not.stringContaining('Flow') },
    });
  });
});
