// What a person sees of a diagnostic.
#include "lib/Support/Diagnostics.h"
#include "gtest/gtest.h"
#include <set>
#include <tds/result.h>

using namespace tds;

namespace {

struct Rendering {
  Sources sources;
  Diagnostics diagnostics{sources};
  uint32_t file;
  explicit Rendering(std::string text, std::string name = "m.tds")
      : file(sources.add(std::move(name), std::move(text))) {}

  /// The range of the first place that holds a text.
  Range find(std::string_view text) const {
    auto at = uint32_t(sources.text(file).find(text));
    return {file, at, uint32_t(at + text.size())};
  }
  std::string show() const { return diagnostics.renderAll(); }
};

TEST(Sources, PositionsAndLines) {
  Sources sources;
  EXPECT_EQ(sources.name(0), "<none>");
  uint32_t file = sources.add("a", "x\r\nyz\n\nw");
  auto at = [&](uint32_t offset) {
    return std::pair(sources.position(file, offset).line, sources.position(file, offset).column);
  };
  EXPECT_EQ(at(0), std::pair(1u, 1u));
  EXPECT_EQ(at(4), std::pair(2u, 2u));
  EXPECT_EQ(at(5), std::pair(2u, 3u));
  EXPECT_EQ(at(6), std::pair(3u, 1u));
  EXPECT_EQ(at(8), std::pair(4u, 2u));
  EXPECT_EQ(sources.line(file, 0), "x");
  EXPECT_EQ(sources.line(file, 5), "yz");
  EXPECT_EQ(sources.line(file, 6), "");
  EXPECT_EQ(sources.line(file, 8), "w");
}

TEST(Sources, Utf8Lengths) {
  EXPECT_EQ(utf8Length("a", 0), 1u);
  EXPECT_EQ(utf8Length("\xc3\xa9", 0), 2u);
  EXPECT_EQ(utf8Length("\xf0\x9f\x98\x80", 0), 4u);
  EXPECT_EQ(utf8Length("\xc3", 0), 0u);
  EXPECT_EQ(utf8Length("\xc0\x80", 0), 0u);
  EXPECT_EQ(utf8Length("\xed\xa0\x80", 0), 0u);
}

TEST(Render, LabelsOfOneLineShareIt) {
  Rendering r("a = 1\nc = a @ b\n");
  r.diagnostics.error(Code::E0101, r.find("@"), "inner dimensions differ: 8 and 7")
      .note({r.file, 10, 11}, "`f32[4, 8]`")
      .note({r.file, 14, 15}, "`f32[7, 3]`")
      .note({r.file, 0, 1}, "bound here")
      .help("transpose `b`");
  EXPECT_EQ(r.show(), "error[E0101]: inner dimensions differ: 8 and 7\n"
                      " --> m.tds:2:7\n"
                      "  |\n"
                      "2 | c = a @ b\n"
                      "  |       ^\n"
                      "  |     - `f32[4, 8]`\n"
                      "  |         - `f32[7, 3]`\n"
                      "1 | a = 1\n"
                      "  | - bound here\n"
                      "help: transpose `b`\n");
}

TEST(Render, TabsAndWideCharacters) {
  Rendering r("\té\tx = yy\n");
  r.diagnostics.error(Code::E0101, r.find("yy"), "m");
  EXPECT_EQ(r.show(), "error[E0101]: m\n --> m.tds:1:9\n  |\n1 |     é   x = yy\n  |             ^^\n");
}

TEST(Render, ControlBytesAreNotSentOn) {
  Rendering r("a\x1b[31m\xff b");
  r.diagnostics.error(Code::E0101, r.find("b"), "m");
  EXPECT_EQ(r.show().find('\x1b'), std::string::npos);
  EXPECT_EQ(r.show().find('\xff'), std::string::npos);
}

TEST(Render, RangeOverLinesShowsItsFirst) {
  Rendering r("f(a,\n  b)\n");
  r.diagnostics.error(Code::E0101, {r.file, 0, 9}, "m");
  EXPECT_EQ(r.show(), "error[E0101]: m\n --> m.tds:1:1\n  |\n1 | f(a,\n  | ^^^^\n");
}

TEST(Render, EndOfFileAndEmptyRange) {
  Rendering r("x =\n");
  r.diagnostics.error(Code::E0101, {r.file, 4, 4}, "m");
  EXPECT_EQ(r.show(), "error[E0101]: m\n --> m.tds:2:1\n  |\n2 |\n  | ^\n");
  Rendering empty("");
  empty.diagnostics.error(Code::E0101, {empty.file, 0, 0}, "m");
  EXPECT_NE(empty.show().find(" --> m.tds:1:1"), std::string::npos);
}

TEST(Render, LongLinesAreCutAroundTheMark) {
  Rendering r(std::string(5000, 'a') + "HERE" + std::string(5000, 'b'));
  r.diagnostics.error(Code::E0101, r.find("HERE"), "m");
  std::string shown = r.show();
  EXPECT_LT(shown.size(), 400u);
  size_t line = shown.find("1 | "), marks = shown.find("  | ", line + 1);
  ASSERT_NE(marks, std::string::npos);
  EXPECT_EQ(shown.find("HERE") - line, shown.find("^^^^") - marks);
  EXPECT_NE(shown.find("...aaa"), std::string::npos);
  EXPECT_NE(shown.find("bbb..."), std::string::npos);

  Rendering wide(std::string(5000, 'a'));
  wide.diagnostics.error(Code::E0101, {wide.file, 10, 4000}, "m");
  EXPECT_LT(wide.show().size(), 500u);
}

TEST(Render, PlacesInOtherFilesAndNone) {
  Rendering r("a\n");
  uint32_t other = r.sources.add("lib.tds", "\n\nb\n");
  r.diagnostics.error(Code::E0101, {r.file, 0, 1}, "m").note({other, 2, 3}, "there").note({}, "nowhere");
  EXPECT_EQ(
      r.show(),
      "error[E0101]: m\n --> m.tds:1:1\n  |\n1 | a\n  | ^\n ::: lib.tds:3:1\n3 | b\n  | - there\nnote: nowhere\n");
  r.diagnostics.clear();
  r.diagnostics.warning(Code::E0102, {}, "w");
  EXPECT_EQ(r.show(), "warning[E0102]: w\n");
  EXPECT_FALSE(r.diagnostics.hasErrors());
}

TEST(Render, ColourOnlyWhenAsked) {
  Rendering r("a\n");
  r.diagnostics.error(Code::E0101, {r.file, 0, 1}, "m").help("h");
  EXPECT_EQ(r.show().find('\x1b'), std::string::npos);
  EXPECT_EQ(r.diagnostics.renderAll(/*colour=*/true).find("\x1b[1;31merror[E0101]\x1b[0m"), 0u);
}

TEST(Collect, TruncateForgets) {
  Rendering r("a");
  r.diagnostics.warning(Code::E0101, {r.file, 0, 1}, "w");
  r.diagnostics.error(Code::E0101, {r.file, 0, 1}, "e");
  EXPECT_TRUE(r.diagnostics.hasErrors());
  r.diagnostics.truncate(1);
  EXPECT_FALSE(r.diagnostics.hasErrors());
  EXPECT_EQ(r.diagnostics.all().size(), 1u);
}

TEST(Codes, NamesAreDistinctAndSummarised) {
  std::set<std::string_view> names;
  size_t count = 0;
  auto check = [&](Code code, std::string_view name) {
    ++count;
    names.insert(codeName(code));
    EXPECT_EQ(codeName(code), name);
    EXPECT_FALSE(codeSummary(code).empty()) << name;
  };
#define TDS_ERROR(code, summary) check(Code::code, #code);
#include "lib/Support/Errors.def"
#undef TDS_ERROR
  EXPECT_EQ(names.size(), count);
}

TEST(Nearest, OnlyWhatIsNear) {
  std::vector<std::string> names = {"weight", "height", "bias", "relu", "n"};
  EXPECT_EQ(nearest("wieght", names), "weight");
  EXPECT_EQ(nearest("rely", names), "relu");
  EXPECT_EQ(nearest("attention", names), "");
  EXPECT_EQ(nearest("m", names), "");
  EXPECT_EQ(nearest("", names), "");
}

TEST(Api, ErrorHoldsWhatTheDiagnosticHolds) {
  Rendering r("a\nbc = d\n");
  Diagnostic &diagnostic =
      r.diagnostics.error(Code::E0108, r.find("bc"), "m").note({r.file, 0, 1}, "n").note({}, "o").help("h");
  Error error = toError(diagnostic, r.sources);
  EXPECT_EQ(error.code, "E0108");
  EXPECT_EQ(error.range.file, "m.tds");
  EXPECT_EQ(error.range.line, 2u);
  EXPECT_EQ(error.range.column, 1u);
  EXPECT_EQ(error.range.length, 2u);
  ASSERT_EQ(error.notes.size(), 2u);
  EXPECT_FALSE(error.notes[1].range.known());
  EXPECT_EQ(error.help, std::vector<std::string>{"h"});
}

} // namespace
