// A rule of the grammar a group: what it accepts, with the tree where that could go wrong, and what it refuses, where.
#include "test/Unit/Syntax/Parsing.h"
#include "gtest/gtest.h"

using namespace tds;
using namespace tds::test;

namespace {

void accepts(std::initializer_list<const char *> texts) {
  for (const char *text : texts) {
    Parsed parsed(text);
    EXPECT_TRUE(parsed.fine()) << text << "\n" << parsed.errors();
  }
}

/// Two ways to write one tree.
void same(const char *a, const char *b) {
  Parsed first(a), second(b);
  ASSERT_TRUE(first.fine()) << first.errors();
  ASSERT_TRUE(second.fine()) << second.errors();
  EXPECT_EQ(first.dump(), second.dump()) << a << "\n" << b;
}

struct Refusal {
  const char *text, *code, *place, *message;
};
void refuses(std::initializer_list<Refusal> refusals) {
  for (const Refusal &refusal : refusals) {
    Parsed parsed(refusal.text);
    EXPECT_EQ(parsed.code(), refusal.code) << refusal.text;
    EXPECT_EQ(parsed.place(), refusal.place) << refusal.text << "\n" << parsed.errors();
    EXPECT_NE(parsed.message().find(refusal.message), std::string::npos) << parsed.errors();
  }
}

TEST(Grammar, Import) {
  accepts({"import nn", "import nn, optim", "import nn, optim,", "import \"a/b.tds\" as b"});
  refuses({{"import", "E0101", "", "found the end of the file, expected the name of a module"},
           {"import \"a.tds\"", "E0101", "", "expected `as` and a name"},
           {"import sum", "E0107", "sum", "`sum` is a reduction and can't be bound"},
           {"import \"{a}\" as b", "E0104", "a", "in a string that is a name"},
           {"def f() { import nn }", "E0112", "import", "inside a block"}});
}

TEST(Grammar, Def) {
  accepts({"def f() = 1", "def f(x) = x", "def f(x, y: f32[n], z: dim = 3, w=4,) -> f32 = x", "def f(x) { x }",
           "def f(x) {}", "def f(x) =\n  x", "@library def f(x) = x", "@library\ndef f(x) = x",
           "def arg(const, type) = on(test)"});
  same("def f(x) { x }", "def f(x) = { x }");
  refuses({{"def f = 3", "E0101", "=", "expected `(` and parameters"},
           {"def f(x): x", "E0101", ":", "expected `=` and an expression, or a block"},
           {"def f(x)\n{ x }", "E0101", "\n", "found a new line"},
           {"def f(x y) = x", "E0101", "y", "found `y`, expected `,` or `)`"},
           {"def f(max) = 1", "E0107", "max", "a reduction"},
           {"def grad(x) = 1", "E0107", "grad", "a derivative"},
           {"def for(x) = 1", "E0107", "for", "a reserved word"},
           {"def f(x) -> = 1", "E0101", "=", "expected a type"},
           {"def f(x) { def g(y) = y }", "E0112", "def", "inside a block"},
           {"@fast def f(x) = x", "E0101", "fast", "expected `library`"}});
}

TEST(Grammar, ExternAndVjp) {
  accepts({"extern def f(x: f32[n]) -> f32[n]", "extern cuda def f(a: f32) -> f32 = \"\"\"\nbody {x}\n\"\"\"",
           "vjp f(x, dy) = dy", "vjp f(x, dy) { dy }"});
  refuses({{"extern def f(x)", "E0101", "", "expected `->`"},
           {"extern f(x)", "E0101", "f", "expected `def` or `cuda def`"},
           {"extern cuda def f() -> f32 = \"a\"", "E0101", "\"a\"", "expected the source in"},
           {"vjp f = 1", "E0101", "=", "expected `(` and parameters"}});
}

TEST(Grammar, TypesAndFields) {
  accepts({"type T = f32", "type T[n, m,] = f32[n, m]", "type T = {}", "type T = { a: f32, b: i32, }",
           "type T = { a: f32; b: i32 }", "type T = {\n a: f32\n\n b: i32[2*n + 1]\n}",
           "type T = { a: M.T[n][3] as \"0.self\" = normal }", "type T = { in: f32, sum: f32\n else: f32 }",
           "type T = (f32[n], i32)", "type T = ()", "type T = f32[..., _, n // 2,]", "def f(x: { a: f32 }[3]) = x"});
  same("type T = (f32)", "type T = f32");
  EXPECT_NE(Parsed("type T = (f32,)").dump().find("tuple type"), std::string::npos);
  refuses({{"type T = f32[]", "E0101", "]", "expected a dimension"},
           {"type T = { a = 1 }", "E0101", "=", "expected `:` and a type"},
           {"type T = { a: f32 b: f32 }", "E0101", "b", "expected `,`, a new line or `}`"},
           {"type T = { 1: f32 }", "E0101", "1", "expected the name of a field"},
           {"type T f32", "E0101", "f32", "expected `=` and a type"},
           {"type T[] = f32", "E0101", "]", "expected the name of a dimension"},
           {"type T = 3", "E0101", "3", "expected a type"},
           {"type T = f32[n", "E0105", "[", "this `[` is not closed"}});
}

TEST(Grammar, ArgConstTest) {
  accepts({"arg n = 3", "const n = 3 * 4", "test \"a b\" { assert true }", "arg = 3", "const, type = (1, 2)",
           "test = 1; on = 2", "x = arg + const * type(test)"});
  refuses({{"arg n", "E0101", "", "expected `=`"},
           {"const n: i32 = 3", "E0101", ":", "expected `=`"},
           {"arg all = 3", "E0107", "all", "a reduction"},
           {"test \"a\" = 1", "E0101", "=", "expected `{`"}});
}

TEST(Grammar, Loops) {
  accepts({"for x in xs { x }", "for x, y, in zs { x }", "for i in 0..n + 1 {}", "for i in a..b { i }",
           "while a < b and c { a += 1 }", "y = for x in xs { yield x }", "y, z = for x in xs { a = x; yield (a, x) }",
           "for _ in 0..3 {}"});
  refuses({{"for x in xs: y", "E0101", ":", "expected `{`"},
           {"for x of xs {}", "E0101", "of", "expected `,` or `in`"},
           {"for in xs {}", "E0107", "in", "a reserved word"},
           {"for sum in xs {}", "E0107", "sum", "a reduction"},
           {"while x = 3 {}", "E0101", "=", "expected `{`"},
           {"f(for x in xs { yield x })", "E0101", "for", "expected an expression"},
           {"y += for x in xs { yield x }", "E0101", "for", "expected an expression"}});
}

TEST(Grammar, IfOnAssertYield) {
  accepts({"if a { b }", "if a { b } else { c }", "if a { b } else if c { d } else { e }", "if a { b }\nelse { c }",
           "if a then b else c", "if a\nthen b\nelse c", "on cpu { a }", "on cuda { a }", "on cuda(d + 1) { a }",
           "on(x)", "on.x = 3", "assert close(a, b)"});
  refuses({{"if a b", "E0101", "b", "expected `{`"},
           {"if a then b", "E0101", "", "expected `else`"},
           {"x = if a { b } else { c }", "E0101", "{", "expected `then`"},
           {"if a { b } else c", "E0101", "c", "expected `{`"},
           {"on gpu { a }", "E0101", "gpu", "expected `cpu` or `cuda`"},
           {"else { a }", "E0101", "else", "expected a statement"},
           {"assert", "E0101", "", "expected an expression"}});
}

TEST(Grammar, Targets) {
  accepts({"a = 1", "a, b = t", "a, = t", "a, (b, c.w[0]) = t", "(a, b) = t", "_, a = t", "x[i] = 1",
           "x[2:5, ..., 0] = e", "p.w = e", "p.blocks[3].w[0] = e", "a += 1", "p.w -= e", "x[i] *= 2", "a /= 2",
           "p.in = 1", "p.sum = 1"});
  same("(a) = 1", "a = 1");
  refuses({{"f(x) = 3", "E0108", "f(x)", "expected a name, or a subscript or field of one"},
           {"f(x).a = 3", "E0108", "f(x)", "expected a name"},
           {"a + b = 3", "E0108", "a + b", "expected a name"},
           {"[a, b] = t", "E0108", "[a, b]", "expected a name"},
           {"1 = a", "E0108", "1", "expected a name"},
           {"() = a", "E0108", "()", "expected a name"},
           {"mean = 3", "E0107", "mean", "can't be bound"},
           {"a, argmax = t", "E0107", "argmax", "can't be bound"},
           {"a, b += 1", "E0101", "+=", "expected `,` or `=`"},
           {"(a, b) += 1", "E0108", "(a, b)", "found a tuple before `+=`"},
           {"a, b", "E0101", "", "found the end of the file, expected `,` or `=`"},
           {"a, b = c, d", "E0101", ",", "expected a new line"},
           {"a = b = c", "E0101", "=", "expected a new line"}});
}

TEST(Grammar, Definitions) {
  accepts({"c[i, j] := a[i] * b[j]", "z[i < h - 1, j] := x[i]", "f[..., j] := x[..., j]", "m[i < n,] :=\n  i"});
  EXPECT_NE(Parsed("z[i < h - 1] := 0").dump().find("define z\n  index i\n    below\n      binary -"),
            std::string::npos);
  refuses({{"c := 3", "E0109", "c", "expected a name and its indices"},
           {"p.c[i] := 3", "E0109", "p.c[i]", "expected a name and its indices"},
           {"c[0] := 3", "E0109", "0", "expected an index"},
           {"c[i <= n] := 3", "E0109", "i <= n", "expected an index"},
           {"c[1:2] := 3", "E0109", "1:2", "expected an index"},
           {"c[i else 0] := 3", "E0109", "c[i else 0]", "found what is outside"},
           {"sum[i] := 3", "E0101", ":=", "expected `(`"},
           {"c[max] := 3", "E0107", "max", "can't be bound"},
           {"a, c[i] := 3", "E0101", ":=", "expected `,` or `=`"}});
}

TEST(Grammar, Lambdas) {
  accepts({"f(x => x)", "f(() => 1)", "f((a, b,) => a)", "f((k, s) => 0.02 * normal(k, s))", "x = [i, j] => a[i, j]",
           "x = [..., j < n] =>\n  j", "f(x => { y = x; y })", "x = [a, b]", "x = (a, b)"});
  same("f((x) => x)", "f(x => x)");
  refuses({{"f((a + b) => a)", "E0101", "+", "expected `,` or `)`"},
           {"f(sum => 1)", "E0107", "sum", "can't be bound"},
           {"x = [i + 1] => i", "E0101", "+", "expected `,` or `]`"},
           {"x = [i <= n] => i", "E0109", "<=", "expected `<` and a size"},
           {"x = [] => 1", "E0101", "]", "expected an index"},
           {"x = 1 + a => b", "E0101", "=>", "expected a new line"},
           {"x = lambda a: b", "E0110", "lambda", "not in the language"}});
}

TEST(Grammar, PipesAndOperators) {
  accepts({"x |> f", "x |> f(a) |> m.g(b, c=1) |> sum", "x\n  |> f\n  |> g", "x |>\n f", "a or b and not c == d",
           "not not a", "- - a", "a ** -b"});
  same("x = a or b and c", "x = a or (b and c)");
  same("x = not a == b", "x = not (a == b)");
  same("x = a - b - c", "x = (a - b) - c");
  same("x = a + b * c", "x = a + (b * c)");
  same("x = a / b @ c % d // e", "x = (((a / b) @ c) % d) // e");
  same("x = -a ** b", "x = -(a ** b)");
  same("x = a ** b ** c", "x = a ** (b ** c)");
  same("x = a ** -b * c", "x = (a ** (-b)) * c");
  same("x = -a * b", "x = (-a) * b");
  same("x = a |> f |> g", "x = (a |> f) |> g");
  refuses({{"x = a < b < c", "E0111", "<", "found a second comparison"},
           {"x = a |> (y => y)", "E0101", "(", "expected the name of a function"},
           {"x = a |> f.g.h", "E0101", ".", "expected a new line"},
           {"x = + a", "E0101", "+", "expected an expression"},
           {"x = a == not b", "E0101", "not", "expected an expression"},
           {"x = a + if b then c else d", "E0101", "if", "expected an expression"},
           {"x = a b", "E0101", "b", "expected a new line"}});
}

TEST(Grammar, Postfixes) {
  accepts({"f(x)(y)[0].a", "f(in=1, sum=2, x,)", "x[0]", "x[-1, 2:5, ::2, :, ..., new, ids]", "x[a:b:c, :]",
           "x[i else 0]", "x[i, j else -inf]", "x[i wrap]", "x[i + 1, j clamp]", "x[wrap]", "x[wrap wrap]",
           "x[i, clamp]", "x[1: clamp]", "x.for.if.sum", "x[0,]"});
  EXPECT_NE(Parsed("x[i, clamp]").dump().find("name clamp"), std::string::npos);
  EXPECT_EQ(Parsed("x[i clamp]").dump().find("name clamp"), std::string::npos);
  refuses({{"x[]", "E0101", "]", "expected a subscript"},
           {"x[,]", "E0101", ",", "expected a subscript"},
           {"x[0 else]", "E0101", "]", "expected an expression"},
           {"x[0 wrap, 1]", "E0101", ",", "expected `]`"},
           {"x[1:2:3:4]", "E0101", ":", "expected `,` or `]`"},
           {"f(,)", "E0101", ",", "expected an expression"},
           {"f(a", "E0105", "(", "this `(` is not closed"},
           {"x.", "E0101", "", "expected the name of a field"},
           {"x.0", "E0103", ".0", "expected digits before the point"}});
}

TEST(Grammar, Primaries) {
  accepts({"x = true", "x = (a=1, b=2)", "x = (sum=1, in=2,)", "x = ()", "x = (a,)", "x = [a, [b, c],]",
           "x = { a = 1; a + 1 }", "x = {}", "x = sum(a)", "x = max"});
  same("x = (a)", "x = a");
  refuses({{"x = []", "E0101", "]", "expected an expression"},
           {"x = (a=1, b)", "E0101", ")", "expected `=`"},
           {"x = (a, b=1)", "E0101", "=", "expected `,` or `)`"},
           {"x = new", "E0101", "new", "expected an expression"},
           {"x = )", "E0105", ")", "expected an expression"}});
}

TEST(Grammar, ReductionsAndDerivatives) {
  accepts({"x = sum[k](a[k])", "x = logsumexp[i < 3, ...](a)", "g = grad[p](f(p))",
           "a, g = value_and_grad[p, q](f(p, q))", "a, b = jvp[x = v](f(x))", "a = vjp[x](f(x), dy)",
           "h = jacobian[x](grad[x](f(x)))"});
  refuses({{"x = sum[k]", "E0101", "", "expected `(`"},
           {"x = sum[0](a)", "E0101", "0", "expected an index"},
           {"x = grad(f)", "E0101", "(", "expected `[`"},
           {"x = grad[](f)", "E0101", "]", "expected a variable's name"},
           {"x = grad[p.w](f)", "E0101", ".", "expected `,` or `]`"},
           {"x = grad[p](f, a, b)", "E0101", ",", "expected `)`"},
           {"x = grad", "E0101", "", "expected `[`"}});
}

TEST(Grammar, WordsOfOtherLanguages) {
  refuses({{"def f(x) { return x }", "E0110", "return", "not in the language"},
           {"def f(x) { return (x) }", "E0110", "return", "not in the language"},
           {"while a { break }", "E0110", "break", "not in the language"},
           {"while a { continue; }", "E0110", "continue", "not in the language"},
           {"if a { b }\nelif c { d }", "E0110", "elif", "not in the language"},
           {"let x = 3", "E0110", "let", "not in the language"},
           {"from nn import relu", "E0110", "from", "not in the language"},
           {"// text", "E0101", "//", "expected a statement"},
           {"x = a && b", "E0102", "&&", "not in the language"},
           {"x = !a", "E0102", "!", "not in the language"},
           {"x = 'abc'", "E0102", "'abc'", "not in the language"},
           {"x = a ? b : c", "E0102", "?", "not in the language"},
           {"i++", "E0101", "+", "expected an expression"},
           {"x = a if b else c", "E0101", "if", "expected a new line"},
           {"print \"a\"", "E0101", "\"a\"", "expected a new line"}});
  accepts({"return = 3", "let = fn(break)"});
}

TEST(Recovery, SeveralErrorsAFile) {
  Parsed parsed("a = )\nb = 1\ndef f(x) {\n  c = = 2\n  d = 3\n  e = [1 2]\n}\ng = f(1\ndef h() = 2\nk = ]\n");
  ASSERT_EQ(parsed.diagnostics.all().size(), 5u) << parsed.errors();
  EXPECT_EQ(parsed.file->items.size(), 3u);
  uint32_t last = 0;
  for (const Diagnostic &diagnostic : parsed.diagnostics.all()) {
    EXPECT_GE(diagnostic.range.begin, last);
    last = diagnostic.range.begin;
  }
}

TEST(Recovery, UnclosedBraceEndsAtTheNextDefinition) {
  Parsed parsed("def f(x) {\n  y = x\ndef g(x) = x\n");
  ASSERT_EQ(parsed.diagnostics.all().size(), 1u) << parsed.errors();
  EXPECT_EQ(parsed.place(), "{");
  EXPECT_EQ(parsed.file->items.size(), 1u);
}

TEST(Recovery, OneErrorForACharacterThatIsNone) {
  EXPECT_EQ(Parsed("x = a && b\ny = 1").diagnostics.all().size(), 1u);
  EXPECT_EQ(Parsed("x = $ + 1\ny = (1\n").diagnostics.all().size(), 2u);
}

TEST(Docs, AttachToWhatStandsBelow) {
  Parsed parsed("## far\n\n## first\n##\n##  second\ndef f() = 1\n## a record\ntype T = f32\n## none\nx = 1\n@library "
                "def g() = 1");
  ASSERT_TRUE(parsed.fine());
  EXPECT_EQ(llvm::cast<ast::DefItem>(*parsed.file->items[0]).doc, "first\n\n second");
  EXPECT_EQ(llvm::cast<ast::TypeItem>(*parsed.file->items[1]).doc, "a record");
  EXPECT_EQ(llvm::cast<ast::DefItem>(*parsed.file->items[3]).doc, "");
}

} // namespace
