#include "lib/Sema/Sema.h"
#include <gtest/gtest.h>

using namespace tds;
using namespace tds::sema;

namespace {
struct Checked {
  Program program;
  const Module *module;
  explicit Checked(const std::string &text) {
    module = program.parse("test.tds", text);
    if (!program.diagnostics().hasErrors())
      check(program, *module);
  }
  std::string errors() { return program.diagnostics().renderAll(); }
};

/// The type of def `f`'s result, its sizes open.
std::string resultOf(const std::string &text) {
  Checked c(text);
  if (c.program.diagnostics().hasErrors())
    return c.errors();
  const ast::DefItem &f = *c.module->defs.at("f");
  auto inputs = openInputs(c.program, *c.module, f);
  auto instance = inputs ? instantiate(c.program, *c.module, f, *inputs) : std::nullopt;
  return instance && instance->function ? instance->result.str() : c.errors();
}

/// The code of the first error, and whether all of `words` stand in the messages.
std::string refused(const std::string &text, const std::vector<std::string> &words = {}) {
  Checked c(text);
  if (!c.program.diagnostics().hasErrors())
    return "accepted";
  std::string all = c.errors();
  for (const std::string &word : words)
    if (all.find(word) == std::string::npos)
      return "`" + word + "` is missing in:\n" + all;
  return std::string(codeName(c.program.diagnostics().all()[0].code));
}
} // namespace

TEST(Sema, BroadcastsOnlyTheConstantOne) {
  EXPECT_EQ(resultOf("def f(x: f32[n, m], y: f32[m]) = x + y"), "f32[n, m]");
  EXPECT_EQ(resultOf("def f(x: f32[n], y: f32[m]) = x[:, new] * y"), "f32[n, m]");
  EXPECT_EQ(refused("def f(x: f32[n], y: f32[m]) = x + y", {"n and m may differ", "f32[n]", "f32[m]"}), "E0203");
  EXPECT_EQ(refused("def f(x: f32[4, 3], y: f32[4]) = x + y", {"3 and 4 differ", "y[:, new]"}), "E0203");
}

TEST(Sema, WeakNumbersTakeTheTypeTheyMeet) {
  EXPECT_EQ(resultOf("def f(x: f64[n]) = 2 * x + 0.5"), "f64[n]");
  EXPECT_EQ(resultOf("def f(x: i32[n]) = 2 * x + 1"), "i32[n]");
  EXPECT_EQ(resultOf("def f(x: u8[n]) = x // 2"), "u8[n]");
  EXPECT_EQ(resultOf("def f(x: f32[n]) = x * size(x, 0) / 3"), "f32[n]");
  EXPECT_EQ(refused("def f(x: i32[n]) = 0.5 * x", {"0.5", "i32", "f32(x)"}), "E0207");
  EXPECT_EQ(refused("def f(x: u8[n]) = x + 300", {"300 does not fit u8"}), "E0207");
  EXPECT_EQ(refused("def f(x: f32[n], y: f64[n]) = x + y", {"f32 and f64"}), "E0217");
  EXPECT_EQ(refused("def f(x: i32[n]) = x / 2", {"x // 2"}), "E0202");
}

TEST(Sema, FloatIsOneTypeThroughASignature) {
  EXPECT_EQ(resultOf("def f(x: float[n]) = x * 2"), "f32[n]");
  EXPECT_EQ(resultOf("def g(x: float[n], y: float[n]) = x + y\ndef f(x: f64[n]) = g(x, x)"), "f64[n]");
  EXPECT_EQ(refused("def g(x: float[n], y: float[n]) = x + y\ndef f(x: f64[n], y: f32[n]) = g(x, y)", {"`float` is f64 here"}), "E0205");
}

TEST(Sema, MatmulNamesInnerDimensions) {
  EXPECT_EQ(resultOf("def f(a: f32[n, k], b: f32[k, m]) = a @ b"), "f32[n, m]");
  EXPECT_EQ(resultOf("def f(a: f32[b, n, k], c: f32[k]) = a @ c"), "f32[b, n]");
  EXPECT_EQ(resultOf("def f(a: f32[k], c: f32[k]) = a @ c"), "f32");
  EXPECT_EQ(refused("def f(a: f32[4, 8], b: f32[3, 8]) = a @ b", {"8 and 3", "f32[4, 8]", "f32[3, 8]", "a @ transpose(b)"}), "E0204");
}

TEST(Sema, InfersRangesAndProvesBounds) {
  EXPECT_EQ(resultOf("def f(a: f32[n, k], b: f32[k, m]) { c[i, j] := sum[k](a[i, k] * b[k, j])\n c }"), "f32[n, m]");
  EXPECT_EQ(resultOf("def f(x: f32[n], w: f32[r]) = [i] => sum[k](x[2*i + k] * w[k])"), "f32[(n - r) // 2 + 1]");
  EXPECT_EQ(resultOf("def f(x: f32[n]) = [i < n - 1] => x[i + 1] - x[i]"), "f32[n - 1]");
  EXPECT_EQ(refused("def f(x: f32[n]) = [i] => x[i + 1] - x[i]", {"i = n - 1", "[i < n - 1]", "else 0"}), "E0302");
  EXPECT_EQ(refused("def f(x: f32[n], y: f32[m]) = [i] => x[i] + y[i]", {"n and m"}), "E0301");
  EXPECT_EQ(refused("def f(x: f32[n]) = [i, j] => x[i + j]", {"can't be told apart"}), "E0303");
  EXPECT_EQ(refused("def f(x: f32[n], y: f32[n]) = [i] => x[y[i]]", {"i32(y[i])"}), "E0304");
  EXPECT_EQ(refused("def f(x: f32[4]) = x[4]", {"outside"}), "E0302");
  EXPECT_EQ(refused("def f(x: f32[4]) = x[1, 2]"), "E0305");
}

TEST(Sema, EllipsisStandsForTheSameDims) {
  EXPECT_EQ(resultOf("def f(x: f32[..., d]) { m[...] := mean[j](x[..., j])\n [..., j] => x[..., j] - m[...] }"), "f32[dims, d]");
  EXPECT_EQ(resultOf("def g(x: f32[..., d]) = [...] => sum[j](x[..., j])\ndef f(x: f32[a, b, c]) = g(x)"), "f32[a, b]");
}

TEST(Sema, SlicesFit) {
  EXPECT_EQ(resultOf("def f(x: f32[n]) = x[1:] - x[:-1]"), "f32[n - 1]");
  EXPECT_EQ(resultOf("def f(x: f32[n], t: i32) = x[t:t+4]"), "f32[4]");
  EXPECT_EQ(resultOf("def f(x: f32[9, 3]) = x[::2, new, -1]"), "f32[5, 1]");
  EXPECT_EQ(refused("def f(x: f32[4]) = x[2:6]", {"does not fit"}), "E0306");
  EXPECT_EQ(refused("def f(x: f32[n], a: i32, b: i32) = x[a:b]"), "E0306");
}

TEST(Sema, RecordsLiftAndReduce) {
  EXPECT_EQ(resultOf("def f(p: {w: f32[i, o], b: f32[o]}) = p - 0.1 * p"), "{w: f32[i, o], b: f32[o]}");
  EXPECT_EQ(resultOf("def f(p: {w: f32[i, o], b: f32[o]}) = sum(p * p)"), "f32");
  EXPECT_EQ(refused("def f(p: {w: f32[i]}) = p.v", {"has no field `v`"}), "E0208");
}

TEST(Sema, DerivativesHaveTheShapeOfWhatTheyAreTakenBy) {
  EXPECT_EQ(resultOf("def f(p: {w: f32[n], b: f32}) = grad[p](sum(p.w) * p.b)"), "{w: f32[n], b: f32}");
  EXPECT_EQ(resultOf("def f(x: f32[n]) = grad[x](sum(grad[x](sum(x ** 3))))"), "f32[n]");
  EXPECT_EQ(resultOf("def f(x: f32[n, m]) = [i] => { y = x[i]\n grad[y](sum(y * y)) }"), "f32[n, m]");
  EXPECT_EQ(refused("def f(p: f32[n]) = grad[p](2 * p)", {"wants a scalar", "f32[n]"}), "E0401");
  EXPECT_EQ(refused("def f(p: i32[n]) = grad[p](sum(f32(p)))"), "E0402");
  EXPECT_EQ(refused("def f(p: f32[n]) { h = sin(p)\n grad[p](sum(h * p)) }", {"stop_gradient(h)"}), "E0403");
  EXPECT_EQ(resultOf("def f(p: f32[n]) { h = sin(p)\n grad[p](sum(stop_gradient(h) * p)) }"), "f32[n]");
}

TEST(Sema, LoopsCarryNames) {
  EXPECT_EQ(resultOf("def f(x: f32[n]) { s = 0\n for v in x { s = s + v }\n s }"), "f32");
  EXPECT_EQ(resultOf("def f(x: f32[n, m]) { ys = for v in x { yield v * 2 }\n ys }"), "f32[n, m]");
  EXPECT_EQ(refused("def f(n: i32) { a = 0\n for i in 0..n { c = a }\n c }", {"in the loop or branch alone"}), "E0223");
  EXPECT_EQ(refused("def f(n: i32) { a = 0\n ys = for i in 0..n { yield a }\n ys }", {"`n` is data"}), "E0211");
}

TEST(Sema, HabitsGetAnswers) {
  EXPECT_EQ(refused("def f(x: f32[n]) = x.sum()", {"sum(x)"}), "E0216");
  EXPECT_EQ(refused("def f(x: f32[n, m]) = x.T", {"transpose(x)"}), "E0216");
  EXPECT_EQ(refused("def f(x: f32[n, m]) = sum(x, 0)", {"axis=0"}), "E0218");
  EXPECT_EQ(refused("def f(x: f32[n]) = x[x > 0]", {"where"}), "E0211");
  EXPECT_EQ(refused("def f(x: f32[n]) = tanhh(x)", {"did you mean `tanh`"}), "E0201");
  EXPECT_EQ(refused("def f(x: f32[n]) { print(x)\n x }", {"print"}), "E0215");
  EXPECT_EQ(refused("def f(x) = f(x)", {"recursion"}), "E0210");
  EXPECT_EQ(refused("def f(k: i32) = zeros(k)", {"k: dim"}), "E0211");
}

TEST(Sema, ADefCalledInItsOwnArgumentIsNoRecursion) {
  EXPECT_EQ(resultOf("def twice(g, x: f32) = g(g(x))\ndef f(x: f32) = twice(y => twice(z => z * y, y), x)"), "f32");
  EXPECT_EQ(resultOf("def slope(g, x: f32) = grad[x](g(x))\ndef f(x: f32) = slope(x => slope(x => x ** 3, x), x)"), "f32");
  EXPECT_EQ(refused("def f(g, x: f32) = g(g, x)\ndef h(x: f32) = f(f, x)", {"`f` calls itself"}), "E0210");
  EXPECT_EQ(refused("def f(g, x: f32) = g(g, x)\ndef h(x: f32) = f((g, x) => g(g, x) + g(g, 2 * x), x)", {"200 deep"}), "E0210");
}

TEST(Sema, ConstantConditionsChooseWithoutLookingAtTheOtherSide) {
  EXPECT_EQ(resultOf("def g(x: f32[n], deep=false) = if deep then nonsense(x) else x\ndef f(x: f32[n]) = g(x)"), "f32[n]");
}
