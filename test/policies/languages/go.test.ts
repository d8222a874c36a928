import { describe, expect, it } from 'vitest';
import { functionsIn } from '../../support/languages.ts';

const one = async (body: string): Promise<number> => {
  const [found] = await functionsIn('go', `package p\nfunc f(a, b bool) int {\n${body}\n}\n`);
  return Number(found?.split(' ')[2]);
};

describe('Go', () => {
  // The numbers of lizard 1.24.
  it.each([
    ['return 1', 1],
    ['if a { } else if b { } else { }', 3],
    ['for i := 0; i < 3; i++ { }', 2],
    ['for { }', 2],
    ['for range xs { }', 2],
    ['switch x { case 1, 2: case 3: default: }', 3],
    ['switch { case a && b: }', 3],
    ['select { case <-c: case d <- 1: default: }', 3],
    ['return a || b && !a', 3],
    ['go func() { if a { } }()', 1],
    ['defer recover()', 1],
    ['goto end\nend:', 1],
    ['x := `if a && b`', 1],
    ['x := "case"; _ = x', 1],
    ['// if a\n/* for */', 1],
    ['var c chan<- bool; c <- a && b', 2],
  ])('counts `%s` as %d', async (body, complexity) => {
    expect(await one(body)).toBe(complexity);
  });

  it('names methods by their receivers, and counts function literals by themselves', async () => {
    const text = `package p

func (c *Cart[T]) Add(
	a int,
) error {
	return each(func(x int) bool {
		return x > 1 && c.ok
	})
}
func (Cart) Zero() {}
func Map[K comparable](k K) { if true { } }
func external(x int) int
var table = map[string]func(){ "a": func() { for { } } }
type I interface { M(x int) }
`;
    expect(await functionsIn('go', text)).toEqual([
      '3 Cart.Add 1 7',
      '6 Cart.Add.<anonymous> 2 3',
      '10 Cart.Zero 1 1',
      '11 Map 2 1',
      '13 <anonymous> 2 1',
    ]);
  });
});
