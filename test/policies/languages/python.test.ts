import { describe, expect, it } from 'vitest';
import { functionsIn, unitsIn } from '../../support/languages.ts';

const one = async (body: string): Promise<number> => {
  const [found] = await functionsIn('python', `def f(a, b, c):\n    ${body.replaceAll('\n', '\n    ')}\n`);
  return Number(found?.split(' ')[2]);
};

describe('Python', () => {
  // The numbers of lizard 1.24.
  it.each([
    ['pass', 1],
    ['if a:\n    pass', 2],
    ['if a:\n    pass\nelif b:\n    pass\nelse:\n    pass', 3],
    ['for x in a:\n    pass\nelse:\n    pass', 2],
    ['while a:\n    pass', 2],
    ['async def g():\n    pass', 1],
    ['return a and b or c', 3],
    ['return not a', 1],
    ['return 1 if a else 2', 2],
    ['return [x for x in a if x if b]', 4],
    ['return {x: y for x in a for y in b}', 3],
    ['return (x async for x in a)', 2],
    ['try:\n    pass\nexcept A:\n    pass\nexcept (B, C):\n    pass\nelse:\n    pass\nfinally:\n    pass', 4],
    ['with a as x, b as y:\n    pass', 1],
    ['assert a and b, "c"', 2],
    [
      'match a:\n    case 1:\n        pass\n    case [x, y] if x:\n        pass\n    case _:\n        pass',
      5,
    ],
    ['match = case = a\nreturn match', 1],
    ['return f"{a if b else c}"', 2],
    ['return "if a and b"', 1],
    ['pass  # if a and b', 1],
    ['"""if a\nand b"""', 1],
    ['g = lambda x: x if a else b', 2],
    ['global x\nnonlocal_ = a', 1],
    ['if (n := len(a)) > 1 and n:\n    pass', 3],
    ['return a.for_ or a.if_', 2],
  ])('counts `%s` as %d', async (body, complexity) => {
    expect(await one(body)).toBe(complexity);
  });

  it('begins a function at its `def`, ends it with its last token, and names it with what is around', async () => {
    const text = `@decorator(a and b)
class A(B):
    @property
    async def c(
        self,
    ):
        """Text."""
        def d():
            return 1

        return d  # end
    # behind

def e(): return 1
`;
    expect(await functionsIn('python', text)).toEqual(['4 A.c 1 8', '8 A.c.d 1 2', '14 e 1 1']);
  });

  it('counts code outside of functions, and lambdas there as functions', async () => {
    const units = await unitsIn('python', 'if a and b:\n    pass\nf = lambda x: x or 1\n');
    expect(units.map(({ name, complexity }) => [name, complexity])).toEqual([
      ['<module>', 3],
      ['<anonymous>', 2],
    ]);
  });

  it('tells statements apart that differ by their indentation alone', async () => {
    const hash = async (text: string) => (await unitsIn('python', text))[1]?.hash;
    const inner = await hash('def f():\n    if a:\n        b\n        c\n');
    expect(await hash('def f():\n    if a:\n        b\n    c\n')).not.toBe(inner);
    expect(await hash('x = 1\ndef f():\n    # why\n    if a:\n\n        b\n        c\n')).toBe(inner);
  });

  it('finds eval and exec by name', async () => {
    const hides = async (text: string) => (await unitsIn('python', text)).flatMap((unit) => unit.hides ?? []);
    expect(await hides('def f():\n    return eval("x")\n')).toEqual([{ what: 'eval', line: 2 }]);
    expect(await hides('exec(code)\n')).toEqual([{ what: 'exec', line: 1 }]);
    expect(await hides('model.eval()\nre.compile("eval")\neval_ = exec\n')).toEqual([]);
  });
});
