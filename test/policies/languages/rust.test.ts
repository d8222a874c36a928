import { describe, expect, it } from 'vitest';
import { functionsIn } from '../../support/languages.ts';

const one = async (body: string): Promise<number> => {
  const [found] = await functionsIn('rust', `fn f(a: bool, b: bool) -> Option<u8> {\n${body}\n}\n`);
  return Number(found?.split(' ')[2]);
};

describe('Rust', () => {
  // The numbers of lizard 1.24, but for a closure without parameters and a double reference, whose signs lizard takes
  // for `or` and `and`.
  it.each([
    ['None', 1],
    ['if a { } else if b { } else { }', 3],
    ['if let Some(x) = y && a { }', 3],
    ['let Some(x) = y else { return None };', 1],
    ['for i in 0..3 { }', 2],
    ['while a { } loop { break }', 2],
    ['match x { 1 | 2 => {} 3 if a => {} _ => {} }', 3],
    ['let y = g()?.h()?;', 3],
    ['a || b && !a;', 3],
    ['let c = || 1;', 1],
    ['let c = |x| x && a;', 2],
    ['println!("{}", if a { 1 } else { 2 });', 2],
    ['matches!(x, 1 if a && b);', 3],
    ['let x: &&str = &&y;', 1],
    ['// if a\n/* for /* while */ */', 1],
    ['let r = r#"if a && b"#;', 1],
    ["let l: &'a str = x; 'outer: loop { }", 1],
    ['unsafe { g() }', 1],
  ])('counts `%s` as %d', async (body, complexity) => {
    expect(await one(body)).toBe(complexity);
  });

  it('names functions by their impl, trait and module, and counts those inside of others by themselves', async () => {
    const text = `mod m {
    impl<T> Foo<T> for Bar<T> where T: Copy {
        #[inline]
        pub async fn go<'a>(
            &self,
        ) -> u8 where T: Sized {
            fn inner() { if x { } }
            1
        }
    }
}
trait T { fn must(&self); fn may(&self) -> bool { true } }
static F: fn() = || { if a { } };
`;
    expect(await functionsIn('rust', text)).toEqual([
      '4 m.Bar<T>.go 2 6',
      '7 m.Bar<T>.go.inner 2 1',
      '12 T.may 1 1',
      '13 <anonymous> 2 1',
    ]);
  });

  it('finds functions among the tokens of macros', async () => {
    const text = `cfg_rt! {
    impl X {
        pub fn a(&self) -> Vec<u8> { if b { } }
        fn declared(&self);
    }
    pub(crate) fn c() {
        for x in y { }
    }
}
`;
    expect(await functionsIn('rust', text)).toEqual(['3 a 2 1', '6 c 2 3']);
  });
});
