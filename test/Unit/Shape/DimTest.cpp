#include "lib/Shape/Dim.h"
#include <gtest/gtest.h>

using tds::Dim;

static Dim n() { return Dim::name("n"); }
static Dim m() { return Dim::name("m"); }

TEST(Dim, EqualPolynomialsAreEqualHoweverWritten) {
  EXPECT_EQ((n() + m()) * (n() - m()), n() * n() - m() * m());
  EXPECT_EQ(n() + Dim(3) - n(), Dim(3));
  EXPECT_FALSE(n() == m());
}

TEST(Dim, ConstantsFoldAsTheLanguageDivides) {
  EXPECT_EQ(Dim::floorDiv(Dim(-7), Dim(2)), Dim(-4));
  EXPECT_EQ(Dim::mod(Dim(-7), Dim(2)), Dim(1));
  EXPECT_EQ(Dim::floorDiv(Dim(7), Dim(0)), Dim(0));
  EXPECT_EQ(Dim::mod(Dim(7), Dim(0)), Dim(0));
  EXPECT_EQ(Dim::floorDiv(Dim(7), Dim(-2)), Dim(-4));
}

TEST(Dim, DivisionTakesOutWhatDivides) {
  EXPECT_EQ(Dim::floorDiv(Dim(4) * n() + Dim(6), Dim(2)), Dim(2) * n() + Dim(3));
  EXPECT_EQ(Dim::floorDiv(n() * m(), m()), n());
  EXPECT_EQ(Dim::mod(Dim(4) * n() + Dim(5), Dim(2)), Dim(1));
  EXPECT_EQ(Dim::floorDiv(n(), Dim(2)).str(), "n // 2");
}

TEST(Dim, PrintsAndParsesBack) {
  for (const Dim &d : {n() * Dim(2) + Dim(1), Dim(0), -n(), Dim::floorDiv(n() + Dim(1), Dim(2)) * m() - Dim(3),
                       Dim::mod(n() * m(), Dim(7)), Dim(5) - n() * n()}) {
    auto back = Dim::parse(d.str());
    ASSERT_TRUE(back) << d.str();
    EXPECT_EQ(*back, d) << d.str();
  }
  for (const char *wrong : {"", "n +", "(n", "n 2", "99999999999999999999", "+"})
    EXPECT_FALSE(Dim::parse(wrong)) << wrong;
}

TEST(Dim, SubstitutesInsideDivisions) {
  Dim d = Dim::floorDiv(n() - Dim(3), Dim(2)) + Dim(1);
  EXPECT_EQ(d.substitute({{"n", Dim(9)}}), Dim(4));
  EXPECT_EQ(d.substitute({{"n", Dim(2) * m() + Dim(3)}}), m() + Dim(1));
}

TEST(Dim, LinearFormsAreFound) {
  auto linear = (Dim(2) * n() * m() + n() + Dim(4)).linearIn("n");
  ASSERT_TRUE(linear);
  EXPECT_EQ(linear->coefficient, Dim(2) * m() + Dim(1));
  EXPECT_EQ(linear->rest, Dim(4));
  EXPECT_FALSE((n() * n()).linearIn("n"));
  EXPECT_FALSE(Dim::floorDiv(n(), Dim(2)).linearIn("n"));
}

TEST(Dim, ProvesWhatAWindowNeeds) {
  Dim r = Dim::name("r"), k = Dim::name("k");
  // n - 1 - (2 * ((n - r) // 2) + r - 1) >= 0: a strided window stays inside.
  EXPECT_TRUE((n() - Dim(1) - (Dim(2) * Dim::floorDiv(n() - r, Dim(2)) + r - Dim(1))).provablyNonNegative());
  // h - 1 - (k * (h // k - 1) + k - 1) >= 0: windows side by side.
  EXPECT_TRUE((n() - Dim(1) - (k * (Dim::floorDiv(n(), k) - Dim(1)) + k - Dim(1))).provablyNonNegative());
  EXPECT_TRUE((Dim(3) - Dim::mod(n(), Dim(4))).provablyNonNegative());
  EXPECT_TRUE((n() - Dim::floorDiv(n(), Dim(2))).provablyNonNegative());
  EXPECT_TRUE((Dim(2) * n() - Dim(3) * Dim::floorDiv(n(), Dim(2))).provablyNonNegative());
  EXPECT_FALSE((n() - Dim(3) * Dim::floorDiv(n(), Dim(2))).provablyNonNegative());
  EXPECT_FALSE((n() - Dim(1)).provablyNonNegative());
  EXPECT_FALSE((n() - m()).provablyNonNegative());
  EXPECT_FALSE((Dim(2) - Dim::mod(n(), Dim(4))).provablyNonNegative());
}
