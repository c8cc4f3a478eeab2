//===- Runtime/AbiTest.cpp - symbols and half floats of compiled code ---===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include <cmath>
#include <cstring>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "runtime/abi/abi.h"
#include "runtime/abi/half.h"

TEST(Symbols, AreNamedOnceAndHaveAddresses) {
  std::set<std::string> names;
  for (const tds_symbol *symbol = tds_symbols; symbol->name; ++symbol) {
    EXPECT_TRUE(names.insert(symbol->name).second) << symbol->name;
    EXPECT_NE(symbol->address, nullptr) << symbol->name;
  }
  for (const char *name : {"tds_parallel_for", "tds_report", "expf", "exp", "memcpy", "lgammaf", "__truncsfbf2"})
    EXPECT_TRUE(names.count(name)) << name;
}

TEST(Symbols, LeadToTheFunctions) {
  for (const tds_symbol *symbol = tds_symbols; symbol->name; ++symbol)
    if (std::string(symbol->name) == "cbrtf")
      EXPECT_EQ(reinterpret_cast<float (*)(float)>(symbol->address)(8.0f), 2.0f);
}

TEST(Half, EveryHalfIsReadBack) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    float value = tds_float_from_half(uint16_t(bits));
    if (std::isnan(value))
      EXPECT_EQ(tds_half_from_float(value), bits | 0x200);
    else {
      EXPECT_EQ(tds_half_from_float(value), bits);
      EXPECT_EQ(tds_half_from_double(value), bits);
    }
  }
}

#if defined(__FLT16_MANT_DIG__)
TEST(Half, AgreesWithTheCompilersOwnType) {
  uint64_t state = 1;
  for (int i = 0; i < 300000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    // Magnitudes from 2^-30 to 2^18: below, in and above the range of halves.
    double value = std::ldexp(1.0 + double(state >> 12) * 0x1p-52, int(state % 48) - 30);
    _Float16 single = _Float16(float(value)), both = _Float16(value);
    uint16_t wanted, wantedOfDouble;
    std::memcpy(&wanted, &single, 2);
    std::memcpy(&wantedOfDouble, &both, 2);
    EXPECT_EQ(tds_half_from_float(float(value)), wanted) << value;
    EXPECT_EQ(tds_half_from_double(value), wantedOfDouble) << value;
  }
}
#endif

TEST(Half, RoundsTiesToEvenAndOverflows) {
  EXPECT_EQ(tds_half_from_float(1.0f + 0x1p-11f), 0x3c00);
  EXPECT_EQ(tds_half_from_float(1.0f + 3 * 0x1p-11f), 0x3c02);
  EXPECT_EQ(tds_half_from_float(1.0f + 0x1p-11f + 0x1p-20f), 0x3c01);
  EXPECT_EQ(tds_half_from_float(65519.0f), 0x7bff);
  EXPECT_EQ(tds_half_from_float(65520.0f), 0x7c00);
  EXPECT_EQ(tds_half_from_float(-1e30f), 0xfc00);
  EXPECT_EQ(tds_half_from_float(0x1p-25f), 0);
  EXPECT_EQ(tds_half_from_float(0x1.8p-25f), 1);
  EXPECT_EQ(tds_half_from_float(-0x1p-24f), 0x8001);
  // Rounded twice this would be a tie that goes down.
  EXPECT_EQ(tds_half_from_double(1.0 + 0x1p-11 + 0x1p-40), 0x3c01);
  EXPECT_EQ(tds_half_from_double(1e300), 0x7c00);
}

TEST(BFloat, RoundsTiesToEvenAndKeepsNans) {
  EXPECT_EQ(tds_bfloat_from_float(1.0f), 0x3f80);
  EXPECT_EQ(tds_bfloat_from_float(1.0f + 0x1p-8f), 0x3f80);
  EXPECT_EQ(tds_bfloat_from_float(1.0f + 3 * 0x1p-8f), 0x3f82);
  EXPECT_EQ(tds_bfloat_from_double(1.0 + 0x1p-8 + 0x1p-40), 0x3f81);
  EXPECT_EQ(tds_bfloat_from_float(3.4e38f), 0x7f80);
  EXPECT_TRUE(std::isnan(tds_float_from_bfloat(tds_bfloat_from_float(tds_float_of_bits(0x7f800001)))));
  for (uint32_t bits = 0; bits < 0x7f80; ++bits)
    EXPECT_EQ(tds_bfloat_from_double(tds_float_from_bfloat(uint16_t(bits))), bits);
}
