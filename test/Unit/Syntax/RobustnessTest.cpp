// Whatever the text: diagnostics, soon, and no crash.
#include "test/Unit/Syntax/Parsing.h"
#include "gtest/gtest.h"
#include <random>

using namespace tds;
using namespace tds::test;

namespace {

constexpr const char *sample = R"(## doc
import nn, optim
arg lr = 1e-3
type T[i, o] = {
  w: float[i, o] = (k, s) => 0.02 * normal(k, s), b: float[o] as "0.b" = 0
}
@library def f(p: T[i, o], x: float[n, i], k=3) -> (float[n, o], i32) {
  y[a, b < o] := sum[c](x[a, c else 0] * p.w[c, b]) + (if a < 3 then p.b[b] else -inf)
  s, g = value_and_grad[p](mean(y ** 2))  # why
  ys = for r in 0..n { z = x[r, ::2] |> tanh |> nn.g(1); yield z }
  while s > 1 and not true { s /= 2; p.w[0, 1:] = [1, 2] }
  (y, argmax(ys))
}
extern cuda def h(a: f32) -> f32 = """x"""
on cuda(1) { print("loss {l[0:1]:.4f} {{}}\n") }
test "t" { assert close(1, 2) }
)";

/// Parses, and where that worked prints: neither may crash; a hang meets the runner's limit.
void survive(const std::string &text) {
  Parsed parsed(text);
  if (parsed.fine())
    EXPECT_TRUE(Parsed(parsed.print()).fine());
  else
    EXPECT_FALSE(parsed.errors().empty());
  EXPECT_LE(parsed.diagnostics.all().size(), 20u);
}

std::string times(const char *text, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i)
    out += text;
  return out;
}

TEST(Robustness, EveryPrefix) {
  std::string text = sample;
  ASSERT_TRUE(Parsed(text).fine()) << Parsed(text).errors();
  for (size_t length = 0; length <= text.size(); ++length)
    survive(text.substr(0, length));
}

TEST(Robustness, EveryByteLeftOutOrChanged) {
  std::string text = sample;
  std::mt19937 random(1);
  constexpr char bytes[] = "()[]{}\"\\\n;,.=:<>|@#-e1 \xff";
  for (size_t i = 0; i < text.size(); ++i) {
    survive(text.substr(0, i) + text.substr(i + 1));
    std::string changed = text;
    changed[i] = bytes[random() % (sizeof(bytes) - 1)];
    survive(changed);
  }
}

TEST(Robustness, RandomBytesAndRandomTokens) {
  constexpr const char *tokens[] = {
      "def ", "f", "(",  ")",   "[",     "]",     "{",    "}",       "=",     ":=",  "=>",     "->",   "|>",
      ",",    ";", "\n", "if ", "then ", "else ", "for ", "in ",     "..",    "...", "sum",    "grad", "\"",
      "{x",   "1", ".",  "@",   "-",     "**",    "<",    "import ", "type ", "as ", "yield ", "#"};
  std::mt19937 random(2);
  for (unsigned round = 0; round < 2000; ++round) {
    std::string bytes, text;
    for (unsigned i = 0; i < 60; ++i) {
      bytes += char(random());
      text += tokens[random() % std::size(tokens)];
    }
    survive(bytes);
    survive(text);
  }
}

TEST(Robustness, DeepNesting) {
  constexpr size_t deep = 10000;
  for (const char *open : {"(",      "[",     "{",       "f(",         "x[",         "-",
                           "not ",   "a => ", "[i] => ", "if a then ", "if a {",     "if a {} else ",
                           "2 ** ",  "([{",   "sum[k](", "grad[p](",   "for x in {", "x = for i in ",
                           "if if ", "\"{\"", "x.a[",    "a |> f("}) {
    Parsed parsed("x = " + times(open, deep));
    EXPECT_FALSE(parsed.fine()) << open;
    survive(times(open, deep));
  }
  survive("type T = " + times("{ a: ", deep));
  survive("type T = " + times("(", deep));
  survive("type T = f32" + times("[f32[", deep));
  EXPECT_EQ(Parsed("x = " + times("(", deep) + "1" + times(")", deep)).code(), "E0106");
  EXPECT_TRUE(Parsed("x = " + times("(", 200) + "1" + times(")", 200)).fine());
}

TEST(Robustness, LongChains) {
  for (const char *step : {"+1", " and a", ".a", "[0]", "()", " |> f", "@b", "**2"}) {
    EXPECT_EQ(Parsed("x = a" + times(step, 100000)).code(), "E0106") << step;
    EXPECT_TRUE(Parsed("x = a" + times(step, 200)).fine()) << step;
  }
  // Chains inside chains add up.
  std::string text = "a";
  for (int i = 0; i < 100; ++i)
    text = "(" + text + ")" + times("+1", 100);
  EXPECT_EQ(Parsed("x = " + text).code(), "E0106");
  EXPECT_TRUE(Parsed("x = [" + times("1, ", 100000) + "]").fine());
}

TEST(Robustness, TenMegabytesOnALine) {
  constexpr size_t size = 10'000'000;
  survive("x = " + times("1+", size / 2) + "1");
  survive("x = " + std::string(size, '-'));
  survive(std::string(size, '('));
  survive(times("([{", size / 3));
  survive(std::string(size / 4, '(') + std::string(size / 4, ']') + std::string(size / 2, ')'));
  survive(std::string(size, 'a'));
  survive(std::string(size, '1'));
  survive(std::string(size, '"'));
  survive("x = \"" + std::string(size, '{'));
  survive("#" + std::string(size, 'x'));
  survive(std::string(size, '\n'));
  survive(std::string(size, '\xff'));
}

} // namespace
