//===- Runtime/FileBytes.h - bytes of files in tests -----------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

inline std::string fromHex(std::string_view hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    out += char(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

inline std::span<const std::byte> bytesOf(const std::string &text) { return std::as_bytes(std::span(text)); }

/// Reads each beginning of the bytes, and the bytes with each one changed: no crash, and a beginning is an error.
template <class F> void tryDamaged(const std::string &bytes, F read) {
  for (size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(read(bytesOf(std::string(bytes, 0, length)), "a")) << length;
  for (size_t i = 0; i < bytes.size(); ++i)
    for (int change : {0x01, 0x20, 0x80, 0xff}) {
      std::string other = bytes;
      other[i] = char(other[i] ^ change);
      if (auto result = read(bytesOf(other), "a"); !result)
        EXPECT_EQ(result.error().code.substr(0, 3), "E06");
    }
}
