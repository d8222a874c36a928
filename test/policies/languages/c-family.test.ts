import { describe, expect, it } from 'vitest';
import { functionsIn, measureIn } from '../../support/languages.ts';

const one = async (body: string): Promise<number> => {
  const [found] = await functionsIn('c', `int f(int a, int b) {\n${body}\n}\n`);
  return Number(found?.split(' ')[2]);
};

describe('C and C++', () => {
  // The numbers of lizard 1.24, but for `static_cast<T&&>`, whose signs lizard takes for `and`.
  it.each([
    ['return 1;', 1],
    ['if (a) { } else if (b) { } else { }', 3],
    ['for (;;) { } while (a) { } do { } while (b);', 4],
    ['switch (a) { case 1: case 2: break; default: ; }', 3],
    ['return a && b || !a ? 1 : 2;', 4],
    ['try { } catch (A& e) { } catch (...) { }', 3],
    ['#if X\nx();\n#elif Y\ny();\n#else\nz();\n#endif', 3],
    ['#ifdef X\n#endif\n#ifndef Y\n#endif', 2],
    ['#define M(x) if (x) && y\nM(a);', 1],
    ['#define M(x) \\\n  if (x) \\\n  && y\nM(a);', 1],
    ["char *s = \"if (a) && \\\" ?\"; char c = '?'; c = '\\'';", 1],
    ['auto s = R"x(if (a) ")" && b)x";', 1],
    ['// if (a) \\\n&& b\n/* for */', 1],
    ['auto&& x = g(); h(static_cast<T&&>(x));', 1],
    ["int n = 1'000'000; if (n == 0x1p-3) { }", 2],
    ['auto l = [&](int z) { return z && a; };', 2],
    ['struct s t = { .a = 1, .b = { 2 } };', 1],
    ['goto end;\nend: ;', 1],
  ])('counts `%s` as %d', async (body, complexity) => {
    expect(await one(body)).toBe(complexity);
  });

  it.each([
    ['static inline const char *\nname(void)\n{\n}', ['2 name 1 3']],
    ['int old(a, b)\nint a;\nchar *b;\n{\n return a;\n}', ['1 old 1 6']],
    ['__attribute__((noinline)) int f(int a) { }', ['1 f 1 1']],
    ['int f(int a) __attribute__((cold)) { }', ['1 f 1 1']],
    ['EXPORT_API(int) f(int a) { }', ['1 f 1 1']],
    ['int f(int a) NOTHROW(x) { }', ['1 f 1 1']],
    ['TEST_BEGIN(name) { }', ['1 TEST_BEGIN 1 1']],
    ['int table[] = { f(1), { 2 } };\nint g(void) { }', ['2 g 1 1']],
    ['struct op ops[] = {\n { "a", f(x) },\n { .cb = g(y) { } },\n};\nint h(void) { }', ['5 h 1 1']],
    ['enum e { A = B(1), C };\nint g(void) { }', ['2 g 1 1']],
    ['struct __attribute__((packed)) s { int a; };\nint g(void) { }', ['2 g 1 1']],
    ['int (*handler(int a))(int) { }', ['1 handler 1 1']],
    ['extern "C" {\nint f(void) { }\n}\nint g(void) { }', ['2 f 1 1', '4 g 1 1']],
    ['namespace a::b { class C final : public D<int> { int m() const { } }; }', ['1 a::b.C.m 1 1']],
    ['template <class T, class U = void> T f(T t) { }', ['1 f 1 1']],
    ['A::A(int x) : a(x), b{x}, c<int>{1} { if (x) { } }', ['1 A.A 2 1']],
    [
      'A::~A() noexcept(true) { }\nbool operator==(const A& a, const A& b) { }',
      ['1 A.~A 1 1', '2 operator== 1 1'],
    ],
    ['auto f() -> decltype(g()) { }', ['1 f 1 1']],
    [
      'struct S { int operator()(int a) const { } operator bool() { } };',
      ['1 S.operator() 1 1', '1 S.operatorbool 1 1'],
    ],
    ['auto f = [](int a) { return a ? 1 : 2; };', ['1 f 2 1']],
    ['int f(void);\nint g(void) { }', ['2 g 1 1']],
    ['class A { public: int x; private: void m() { } };', ['1 A.m 1 1']],
  ])('finds the functions of `%s`', async (text, functions) => {
    expect(await functionsIn('c', `${text}\n`)).toEqual(functions);
  });

  it('ends functions whose heads or braces stand in several branches of the preprocessor', async () => {
    const heads = `#ifdef A
int f(int a)
{
#else
int f(void)
{
#endif
  if (x) { }
}
int g(void) { }
`;
    expect(await functionsIn('c', heads)).toEqual(['2 f 2 8', '10 g 1 1']);
    const braces = `int f(void) {
#if A
  if (x) {
#else
  if (y) {
#endif
  }
}
int g(void) { }
`;
    expect(await functionsIn('c', braces)).toEqual(['1 f 4 8', '9 g 1 1']);
  });

  it('refuses a function without an end', async () => {
    expect(await measureIn('c', 'int g(void) { }\nint f(void) {\n  if (a) {\n}\n')).toEqual({
      refusal: { code: 'source.syntax', line: 2, found: 'the end of `f` is missing' },
    });
  });
});
