// Newlines, numbers, strings, characters.
#include "test/Unit/Syntax/Parsing.h"
#include "gtest/gtest.h"

using namespace tds;
using namespace tds::test;

namespace {

size_t items(const char *text) {
  Parsed parsed(text);
  EXPECT_TRUE(parsed.fine()) << text << "\n" << parsed.errors();
  return parsed.file->items.size();
}

TEST(Newlines, EndStatements) {
  EXPECT_EQ(items("a\nb"), 2u);
  EXPECT_EQ(items("a;b;\n\nc\r\nd"), 4u);
  EXPECT_EQ(items("a\n-b"), 2u);
  EXPECT_EQ(items("a\n(b)"), 2u);
  EXPECT_EQ(items("a\n[b]"), 2u);
}

TEST(Newlines, AreNothingInRoundAndSquareBrackets) {
  EXPECT_EQ(items("f(\na\n,\nb\n)"), 1u);
  EXPECT_EQ(items("x = [\n1,\n2\n]\ny"), 2u);
  EXPECT_EQ(items("x = (a\n-b)"), 1u);
}

TEST(Newlines, CountInBracesInsideBrackets) { EXPECT_EQ(items("f(x => {\n a = x\n a\n})\nb"), 2u); }

TEST(Newlines, AreNothingBehindWhatGoesOn) {
  for (const char *sign :
       {"+", "-", "*", "/", "//", "%", "@", "**", "==", "!=", "<", "<=", ">", ">=", "and", "or", "|>"})
    EXPECT_EQ(items((std::string("x = a ") + sign + "\n b").c_str()), 1u) << sign;
  EXPECT_EQ(items("x =\n\n  1"), 1u);
  EXPECT_EQ(items("x +=  # why\n  1"), 1u);
  EXPECT_EQ(items("c[i] :=\n i"), 1u);
  EXPECT_EQ(items("def f(x) ->\n f32 = x"), 1u);
  EXPECT_EQ(items("f(x =>\n x)"), 1u);
  EXPECT_EQ(items("a,\nb = t"), 1u);
  EXPECT_EQ(items("x = not\n a"), 1u);
  EXPECT_EQ(items("for x in\n xs {}"), 1u);
  EXPECT_EQ(items("x = if a then\n b else\n c"), 1u);
}

TEST(Newlines, AreNothingBeforePipeThenElse) {
  EXPECT_EQ(items("x = a\n# comment\n  |> f"), 1u);
  EXPECT_EQ(items("x = if a\n then b\n else c"), 1u);
  EXPECT_EQ(items("if a { b }\n\nelse { c }"), 1u);
}

TEST(Newlines, FieldsNamedLikeWordsDoNotGoOn) {
  EXPECT_EQ(items("x = p.in\ny = p.not\nz"), 3u);
  EXPECT_EQ(items("type T = {\n a: f32\n else: f32\n then: f32\n}"), 1u);
}

TEST(Numbers, Values) {
  auto number = [](const char *text) -> const ast::Number & {
    static std::unique_ptr<Parsed> parsed;
    parsed = std::make_unique<Parsed>(std::string("const x = ") + text);
    EXPECT_TRUE(parsed->fine()) << parsed->errors();
    return llvm::cast<ast::Number>(*llvm::cast<ast::ConstItem>(*parsed->file->items[0]).value);
  };
  EXPECT_EQ(number("1_000").integer, 1000u);
  EXPECT_EQ(number("0xFf").integer, 255u);
  EXPECT_EQ(number("18446744073709551615").integer, UINT64_MAX);
  EXPECT_FALSE(number("7").isFloat);
  EXPECT_EQ(number("7").real, 7.0);
  EXPECT_EQ(number("1.5").real, 1.5);
  EXPECT_EQ(number("1e-3").real, 1e-3);
  EXPECT_EQ(number("1_0.2_5E+1").real, 102.5);
  EXPECT_EQ(number("1e-400").real, 0.0);
  EXPECT_EQ(number("4.9e-324").real, 4.9e-324);
  EXPECT_EQ(number("1_000").text, "1_000");
}

TEST(Numbers, WrittenOtherwise) {
  struct Case {
    const char *text, *place, *help;
  };
  for (const Case &entry : {Case{"x = 1.", "1.", "write `1.0`"}, Case{"x = .5", ".5", "write `0.5`"},
                            Case{"x = 1e5f", "1e5f", "f32(1e5)"}, Case{"x = 1.5L", "1.5L", "i64(1.5)"},
                            Case{"x = 2y", "2y", "`2 * y`"}, Case{"x = 1_", "1_", "between two digits"},
                            Case{"x = 1__0", "1__0", "between two digits"}, Case{"x = 0b11", "0b11", "hexadecimal"},
                            Case{"x = 3j", "3j", "complex(0, 3)"}, Case{"x = 1e", "1e", "an exponent has digits"}}) {
    Parsed parsed(entry.text);
    EXPECT_EQ(parsed.code(), "E0103") << entry.text;
    EXPECT_EQ(parsed.place(), entry.place);
    EXPECT_NE(parsed.errors().find(entry.help), std::string::npos) << parsed.errors();
    EXPECT_EQ(parsed.diagnostics.all().size(), 1u) << parsed.errors();
  }
  EXPECT_EQ(Parsed("x = 18446744073709551616").code(), "E0103");
  EXPECT_EQ(Parsed("x = 1e400").code(), "E0103");
  EXPECT_EQ(Parsed("x = 0x").code(), "E0103");
}

const ast::String &firstString(const Parsed &parsed) {
  return llvm::cast<ast::String>(*llvm::cast<ast::ConstItem>(*parsed.file->items.at(0)).value);
}

TEST(Strings, PartsAndPlaces) {
  Parsed parsed(R"(const s = "a {{b}} \"\\\n {x[1:2] + y:.4f}{(a, b)}é")");
  ASSERT_TRUE(parsed.fine()) << parsed.errors();
  auto &parts = firstString(parsed).parts;
  ASSERT_EQ(parts.size(), 4u);
  EXPECT_EQ(parts[0].text, "a {b} \"\\\n ");
  EXPECT_EQ(parts[1].format, ".4f");
  EXPECT_EQ(parsed.sources.text(parts[1].value->range), "x[1:2] + y");
  auto &sum = llvm::cast<ast::Binary>(*parts[1].value);
  EXPECT_EQ(parsed.sources.text(sum.rhs->range), "y");
  EXPECT_TRUE(llvm::isa<ast::Tuple>(*parts[2].value));
  EXPECT_EQ(parts[3].text, "é");
}

TEST(Strings, Raw) {
  Parsed parsed("const s = \"\"\"a \\n {x}\n\"b\" \"\"\"");
  ASSERT_TRUE(parsed.fine()) << parsed.errors();
  EXPECT_TRUE(firstString(parsed).raw);
  EXPECT_EQ(firstString(parsed).parts[0].text, "a \\n {x}\n\"b\" ");
}

TEST(Strings, Faults) {
  struct Case {
    const char *text, *place;
  };
  for (const Case &entry : {Case{"x = \"abc\ny = 1", "\""}, Case{"x = \"\"\"abc", "\"\"\""},
                            Case{"x = \"a\\q\"", "\\q"}, Case{"x = \"a } b\"", "}"}, Case{"x = \"a { b\"", "{"},
                            Case{"x = \"{a # b}\"", "#"}, Case{"x = \"{f(\\\"a\\\")}\"", "\\"}}) {
    Parsed parsed(entry.text);
    EXPECT_EQ(parsed.code(), "E0104") << entry.text << parsed.errors();
    EXPECT_EQ(parsed.place(), entry.place);
    EXPECT_EQ(parsed.diagnostics.all().size(), 1u) << parsed.errors();
  }
  EXPECT_EQ(Parsed("x = \"{}\"").code(), "E0101");
  EXPECT_EQ(Parsed("x = \"{a b}\"").place(), "b");
}

TEST(Characters, NoText) {
  EXPECT_EQ(Parsed("x = \x01 1").place(), "\x01");
  EXPECT_EQ(Parsed("x = 1 # \xff\xfe!").place(), "\xff\xfe");
  EXPECT_EQ(Parsed("x = \"\xc3(\"").place(), "\xc3");
  EXPECT_EQ(Parsed(std::string("x = 1\0 2", 8)).code(), "E0102");
  EXPECT_EQ(Parsed("x = 1\rb").code(), "E0102");
  EXPECT_EQ(Parsed("h\xc3\xb6he = 1").place(), "\xc3\xb6");
}

TEST(Characters, TabsCarriageReturnsAndByteOrderMark) {
  EXPECT_EQ(items("\xef\xbb\xbf\ta\t=\t1\r\nb\r\n# c\r\n"), 2u);
  EXPECT_EQ(Parsed("a # b \r\n").file->comments.at(0).text, "# b");
}

} // namespace
