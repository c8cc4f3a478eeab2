//===- runtime/Format.cpp - numbers as text -----------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/Format.h"

#include <charconv>
#include <cmath>
#include <optional>

#include "runtime/Errors.h"

namespace tds::rt {

namespace {

std::string nonFinite(double value) { return std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf"; }

/// Python's layout of the shortest digits: an exponent below 1e-4 and from 1e16 on.
template <class T> std::string shortest(T value) {
  if (!std::isfinite(value))
    return nonFinite(value);
  char buffer[32];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  std::string_view text(buffer, size_t(end - buffer));
  size_t mark = text.find('e');
  int exponent = 0;
  // from_chars does not read a plus.
  std::from_chars(text.data() + mark + (text[mark + 1] == '+' ? 2 : 1), text.data() + text.size(), exponent);
  if (exponent < -4 || exponent >= 16)
    return std::string(text);

  bool negative = text[0] == '-';
  std::string digits;
  for (char c : text.substr(0, mark))
    if (c >= '0' && c <= '9')
      digits += c;
  std::string out = negative ? "-" : "";
  if (exponent < 0)
    return out + "0." + std::string(size_t(-exponent - 1), '0') + digits;
  size_t whole = size_t(exponent) + 1;
  if (digits.size() <= whole)
    return out + digits + std::string(whole - digits.size(), '0') + ".0";
  return out + digits.substr(0, whole) + "." + digits.substr(whole);
}

template <class T> std::string complexText(std::complex<T> value) {
  std::string imaginary = shortest(value.imag());
  return shortest(value.real()) + (imaginary[0] == '-' ? "" : "+") + imaginary + "j";
}

/// `[0][width][.precision][type]`.
struct Spec {
  bool zero = false;
  int width = 0;
  std::optional<int> precision;
  char type = 0;
};

Error refused(std::string_view spec, const std::string &why) {
  return makeError(code::Format, "format `" + std::string(spec) + "` " + why,
                   {"write `[0][width][.precision]` and one of `d f e g % c`, as in `{x:8.3f}`"});
}

Result<Spec> parseSpec(std::string_view text) {
  // Wider is a slip of the pen, and would be memory for nothing.
  constexpr int most = 999;
  Spec spec;
  const char *at = text.data(), *end = at + text.size();
  auto number = [&](int &value) {
    auto [next, error] = std::from_chars(at, end, value);
    bool read = error == std::errc() && value >= 0 && value <= most;
    at = next;
    return read;
  };
  auto digit = [&] { return at != end && *at >= '0' && *at <= '9'; };
  if (at != end && *at == '0') {
    spec.zero = true;
    ++at;
  }
  if (digit() && !number(spec.width))
    return refused(text, "has a width above " + std::to_string(most));
  if (at != end && *at == '.') {
    ++at;
    if (!digit())
      return refused(text, "has no digits after the point");
    if (!number(spec.precision.emplace()))
      return refused(text, "has a precision above " + std::to_string(most));
  }
  if (at != end && std::string_view("dfeg%c").find(*at) != std::string_view::npos)
    spec.type = *at++;
  if (at != end)
    return refused(text, "cannot be read from `" + std::string(at, end) + "` on");
  return spec;
}

std::string padded(std::string text, const Spec &spec) {
  if (text.size() >= size_t(spec.width))
    return text;
  size_t missing = size_t(spec.width) - text.size();
  if (!spec.zero)
    return std::string(missing, ' ') + text;
  return text.insert(text[0] == '-' ? 1 : 0, missing, '0');
}

std::string withPrecision(double value, const Spec &spec) {
  std::string percent = spec.type == '%' ? "%" : "";
  if (spec.type == '%')
    value *= 100;
  if (!std::isfinite(value))
    return nonFinite(value) + percent;
  auto format = spec.type == 'e'   ? std::chars_format::scientific
                : spec.type == 'g' ? std::chars_format::general
                                   : std::chars_format::fixed;
  // 309 digits before the point, 999 after.
  char buffer[1400];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value, format, spec.precision.value_or(6));
  return std::string(buffer, end) + percent;
}

/// UTF-8 of a code point; what is none is U+FFFD.
std::string character(int64_t code) {
  if (code < 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
    code = 0xFFFD;
  auto byte = [&](int64_t lead, int shift) { return char(lead | (code >> shift & 0x3F)); };
  if (code < 0x80)
    return {char(code)};
  if (code < 0x800)
    return {char(0xC0 | code >> 6), byte(0x80, 0)};
  if (code < 0x10000)
    return {char(0xE0 | code >> 12), byte(0x80, 6), byte(0x80, 0)};
  return {char(0xF0 | code >> 18), byte(0x80, 12), byte(0x80, 6), byte(0x80, 0)};
}

} // namespace

std::string formatNumber(float value) { return shortest(value); }
std::string formatNumber(double value) { return shortest(value); }
std::string formatNumber(std::complex<float> value) { return complexText(value); }
std::string formatNumber(std::complex<double> value) { return complexText(value); }
std::string formatNumber(int64_t value) { return std::to_string(value); }

Result<std::string> formatScalar(double value, std::string_view text) {
  return formatScalar(value, formatNumber(value), text);
}

Result<std::string> formatScalar(double value, const std::string &plain, std::string_view text) {
  Result<Spec> spec = parseSpec(text);
  if (!spec)
    return spec.takeError();
  if (spec->type == 'd' || spec->type == 'c')
    return refused(text, "is for integers, but the value is " + plain);
  if (spec->type == 0 && spec->precision)
    return refused(text, "has a precision, but no type");
  return padded(spec->type ? withPrecision(value, *spec) : plain, *spec);
}

Result<std::string> formatScalar(int64_t value, std::string_view text) {
  Result<Spec> spec = parseSpec(text);
  if (!spec)
    return spec.takeError();
  if (spec->type != 0 && spec->type != 'd' && spec->type != 'c')
    return padded(withPrecision(double(value), *spec), *spec);
  if (spec->precision)
    return refused(text, "gives a precision to an integer");
  if (spec->type == 'c')
    return padded(character(value), *spec);
  return padded(std::to_string(value), *spec);
}

} // namespace tds::rt
