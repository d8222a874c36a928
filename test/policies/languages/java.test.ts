import { describe, expect, it } from 'vitest';
import { functionsIn } from '../../support/languages.ts';

const one = async (body: string): Promise<number> => {
  const [found] = await functionsIn('java', `class A {\nint f(boolean a, boolean b) {\n${body}\n}\n}\n`);
  return Number(found?.split(' ')[2]);
};

describe('Java', () => {
  // The numbers of lizard 1.24.
  it.each([
    ['return 1;', 1],
    ['if (a) { } else if (b) { } else { }', 3],
    ['for (int i = 0; i < 3; i++) { } for (var x : xs) { }', 3],
    ['while (a) { } do { } while (b);', 3],
    ['switch (x) { case 1: case 2: break; default: }', 3],
    ['int y = switch (x) { case 1, 2 -> 1; default -> 2; };', 2],
    ['try { } catch (A | B e) { } catch (C e) { } finally { }', 3],
    ['return a && b || !a ? 1 : 2;', 4],
    ['List<?> x; Map<? extends A, ? super B> y;', 1],
    ['Runnable r = () -> { if (a) { } };', 2],
    ['String s = "if (a) && b"; char c = \'?\';', 1],
    ['String s = """\nif (a) ? b\n""";', 1],
    ['// if (a)\n/* for */', 1],
    ['assert a : b; throw new E();', 1],
    ['synchronized (this) { }', 1],
    ['if (o instanceof A(int x) && x > 1) { }', 3],
  ])('counts `%s` as %d', async (body, complexity) => {
    expect(await one(body)).toBe(complexity);
  });

  it('names methods by their types, begins them at their names, and leaves out those without a body', async () => {
    const text = `package p;
public class A<T> extends B {
    static { if (x) { } }
    @Override
    public <U> void
    m(int a)
        throws E {
    }
    A() { super(); }
    enum E { X { int z() { return 1; } }; abstract int z(); }
    record R(int a) { R { if (a < 0) { } } }
    interface I { void n(); default void o() { } }
    Comparator<T> c = new Comparator<>() { public int compare(T a, T b) { return a == b ? 0 : 1; } };
    Runnable r = () -> { for (;;) { } };
}
`;
    expect(await functionsIn('java', text)).toEqual([
      '3 A.<static> 2 1',
      '6 A.m 1 3',
      '9 A.A 1 1',
      '10 A.E.z 1 1',
      '11 A.R.R 2 1',
      '12 A.I.o 1 1',
      '13 A.compare 2 1',
      '14 A.<anonymous> 2 1',
    ]);
  });
});
