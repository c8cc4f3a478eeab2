// What is printed parses to the same tree and prints the same: for programs, comments and random trees.
#include "test/Unit/Syntax/Generator.h"
#include "test/Unit/Syntax/Parsing.h"
#include "gtest/gtest.h"
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace tds;
using namespace tds::test;

namespace {

std::string read(const std::filesystem::path &path) {
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

void expectFixedPoint(const std::string &text) {
  Parsed first(text);
  ASSERT_TRUE(first.fine()) << first.errors() << text;
  std::string printed = first.print();
  Parsed second(printed);
  ASSERT_TRUE(second.fine()) << second.errors() << printed;
  EXPECT_TRUE(sameTree(*first.file, *second.file)) << printed;
  EXPECT_EQ(second.print(), printed);
  EXPECT_EQ(first.file->comments.size(), second.file->comments.size()) << printed;
}

TEST(RoundTrip, ProgramsKeepTreeAndComments) {
  unsigned count = 0;
  for (auto &entry : std::filesystem::directory_iterator(TDS_SYNTAX_INPUTS)) {
    if (entry.path().extension() != ".tds")
      continue;
    SCOPED_TRACE(entry.path().filename());
    expectFixedPoint(read(entry.path()));
    ++count;
  }
  EXPECT_GE(count, 16u);
}

TEST(RoundTrip, RandomTreesKeepTheirTree) {
  for (uint32_t seed = 0; seed < 600; ++seed) {
    SCOPED_TRACE(seed);
    auto tree = Generator(seed).file();
    std::string printed = print(*tree, Sources());
    Parsed parsed(printed);
    ASSERT_TRUE(parsed.fine()) << parsed.errors() << printed;
    ASSERT_EQ(dump(*tree), parsed.dump()) << printed;
    ASSERT_EQ(parsed.print(), printed);
  }
}

TEST(RoundTrip, RandomExpressionsKeepTheirTree) {
  for (uint32_t seed = 0; seed < 600; ++seed) {
    SCOPED_TRACE(seed);
    auto tree = Generator(seed).expr();
    std::string printed = print(*tree);
    Parsed parsed("const c = (" + printed + ")");
    ASSERT_TRUE(parsed.fine()) << parsed.errors() << printed;
    ASSERT_TRUE(sameTree(*tree, *llvm::cast<ast::ConstItem>(*parsed.file->items[0]).value)) << printed;
  }
}

TEST(RoundTrip, RandomCommentsStayAndSettle) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::istringstream lines(print(*Generator(seed).file(), Sources()));
    std::string text;
    for (std::string line; std::getline(lines, line);) {
      text += random() % 8 == 0 ? "# above\n" : random() % 8 == 0 ? "\n\n\n" : "";
      text += line + (random() % 5 == 0 ? "  # behind\n" : "\n");
    }
    expectFixedPoint(text);
    if (HasFailure())
      return;
  }
}

TEST(RoundTrip, CommentsEverywhere) {
  expectFixedPoint(R"(# head

## doc of f
## two lines
def f(x,  # first
      y) {  # behind the brace
  # own line


  a = x +  # inside
    y  # at the end
  # before the end
  a  # value
}
type T = {  # record
  a: f32  # of a
  # before b
  b: f32, c: i32
}
x = [  # list
  1,
  # two
  2]
if x { y } else {  # else
  z
}
def g() { }
def h() {
  # only a comment
}
# tail)");
}

TEST(RoundTrip, BlankLinesAtMostOne) {
  EXPECT_EQ(Parsed("\n\na = 1\n\n\n\nb = 2\nc = 3\n\n").print(), "a = 1\n\nb = 2\nc = 3\n");
}

TEST(RoundTrip, AuthorsLinesInBracesStay) {
  EXPECT_EQ(Parsed("def f(x) { y = x; y }").print(), "def f(x) { y = x; y }\n");
  EXPECT_EQ(Parsed("def f(x) { y = x\n y }").print(), "def f(x) {\n  y = x\n  y\n}\n");
  EXPECT_EQ(Parsed("type T = { a: f32, b: f32\nc: f32 }").print(), "type T = {\n  a: f32, b: f32\n  c: f32\n}\n");
}

TEST(RoundTrip, BracketsOnlyWherePrecedenceNeedsThem) {
  auto printed = [](std::string text) { return Parsed("x = " + text).print().substr(4); };
  EXPECT_EQ(printed("((a + (b * c)))"), "a + b * c\n");
  EXPECT_EQ(printed("(a + b) * c"), "(a + b) * c\n");
  EXPECT_EQ(printed("a - (b - c)"), "a - (b - c)\n");
  EXPECT_EQ(printed("(a ** b) ** c"), "(a ** b) ** c\n");
  EXPECT_EQ(printed("a ** (b ** c)"), "a ** b ** c\n");
  EXPECT_EQ(printed("-(a ** 2)"), "-a ** 2\n");
  EXPECT_EQ(printed("(-a) ** 2"), "(-a) ** 2\n");
  EXPECT_EQ(printed("not (a and b)"), "not (a and b)\n");
  EXPECT_EQ(printed("(1)[0]"), "(1)[0]\n");
  EXPECT_EQ(printed("1 + (if a then b else c)"), "1 + (if a then b else c)\n");
  EXPECT_EQ(printed("y[2 * i + r, 64 * d : 64 * d + 64, : 2 * d]"), "y[2*i + r, 64*d : 64*d + 64, :2*d]\n");
}

TEST(RoundTrip, LongLinesBreak) {
  std::string arguments = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  std::string call = "x = f(" + arguments + ", " + arguments + ", " + arguments + ", " + arguments + ")";
  std::string printed = Parsed(call).print();
  std::istringstream lines(printed);
  for (std::string line; std::getline(lines, line);)
    EXPECT_LE(line.size(), 120u);
  EXPECT_EQ(printed.find("x = f(\n  aaa"), 0u);
}

} // namespace
