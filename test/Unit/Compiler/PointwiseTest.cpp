//===- PointwiseTest.cpp - each scalar function, compiled, beside its host value ===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every record of TdsFunctions.td on every element it is defined on: its samples, and what is special (zeros,
// infinities, nan, the ends of integers). All pairs of them for two operands.
//
//===----------------------------------------------------------------------===//
#include "dialect/Tds.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "runtime/abi/half.h"
#include "test/Unit/Compiler/Lowered.h"
#include "llvm/Support/FormatVariadic.h"
#include <sstream>

using namespace tds;
using namespace tds::test;

namespace {

struct Case {
  const char *name;
  unsigned params;
  bool condition;
  unsigned elements;
  double low, high;
  double ulp;
};
constexpr Case cases[] = {
#define TDS_SAMPLES(name, params, condition, elements, low, high, ulp)                                                 \
  {#name, params, condition, elements, low, high, ulp},
#include "test/Functions/Samples.inc"
};

// How numbers of the test's elements are stored.
struct Half {
  uint16_t bits;
};
struct BFloat {
  uint16_t bits;
};
struct Bool {
  uint8_t byte;
};

template <class T> struct Element;

template <class T, unsigned kindBit> struct Numbers {
  static constexpr unsigned kind = kindBit;
  static HostValue load(T x) {
    if constexpr (kindBit == elements::Floating)
      return double(x);
    else
      return host::Int(int64_t(x));
  }
};
#define TDS_ELEMENT(T, text, kind)                                                                                     \
  template <> struct Element<T> : Numbers<T, elements::kind> {                                                         \
    static constexpr const char *name = text;                                                                          \
  };
TDS_ELEMENT(float, "f32", Floating)
TDS_ELEMENT(double, "f64", Floating)
TDS_ELEMENT(int8_t, "i8", Integer)
TDS_ELEMENT(int16_t, "i16", Integer)
TDS_ELEMENT(int32_t, "i32", Integer)
TDS_ELEMENT(int64_t, "i64", Integer)
TDS_ELEMENT(uint8_t, "ui8", Integer)
TDS_ELEMENT(uint64_t, "ui64", Key)
template <> struct Element<Half> {
  static constexpr const char *name = "f16";
  static constexpr unsigned kind = elements::Floating;
  static HostValue load(Half x) { return double(tds_float_from_half(x.bits)); }
};
template <> struct Element<BFloat> {
  static constexpr const char *name = "bf16";
  static constexpr unsigned kind = elements::Floating;
  static HostValue load(BFloat x) { return double(tds_float_from_bfloat(x.bits)); }
};
template <> struct Element<Bool> {
  static constexpr const char *name = "i1";
  static constexpr unsigned kind = elements::Boolean;
  static HostValue load(Bool x) { return host::Int(x.byte); }
};
template <class T> struct Element<std::complex<T>> {
  static constexpr const char *name = sizeof(T) == 4 ? "complex<f32>" : "complex<f64>";
  static constexpr unsigned kind = elements::Complex;
  static HostValue load(std::complex<T> x) { return host::Complex(x.real(), x.imag()); }
};

template <class T> T stored(double x) {
  if constexpr (std::is_same_v<T, Half>)
    return {tds_half_from_double(x)};
  else if constexpr (std::is_same_v<T, BFloat>)
    return {tds_bfloat_from_double(x)};
  else
    return T(x);
}

/// The distance to the next greater magnitude of an element, at x.
template <class T> double spacing(double x) {
  constexpr int digits = std::is_same_v<T, Half> ? 11 : std::is_same_v<T, BFloat> ? 8 : sizeof(T) == 4 ? 24 : 53;
  constexpr int least = std::is_same_v<T, Half> ? -14 : std::is_same_v<T, double> ? -1022 : -126;
  return std::ldexp(1.0, std::max(x == 0 ? least : std::ilogb(x), least) - digits + 1);
}

/// Of a result whose element is T; `scale` is what its error is measured at, at least its own magnitude.
template <class T> void compareFloating(double got, double exact, double ulp, double scale) {
  double want = std::get<double>(Element<T>::load(stored<T>(exact)));
  if (std::isnan(want) || std::isinf(want) || want == 0) {
    // A zero may be missed by what the size of its operands allows, where it comes of a difference.
    bool near = std::isfinite(want) && scale > 0 && std::fabs(got) <= ulp * spacing<T>(scale);
    EXPECT_TRUE((std::isnan(want) && std::isnan(got)) || (want == got && std::signbit(want) == std::signbit(got)) ||
                near)
        << got << ", expected " << want;
    return;
  }
  // The host computes in double, and has an error of its own there.
  double allowed = ulp + (std::is_same_v<T, double> ? 1 : 0.5);
  EXPECT_LE(std::fabs(got - exact), allowed * spacing<T>(std::fmax(std::fabs(exact), scale)))
      << got << ", expected " << want;
}

template <class T> std::vector<T> samples(const Case &c) {
  std::vector<T> all;
  constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  if constexpr (std::is_same_v<T, Bool>) {
    all = {Bool{0}, Bool{1}};
  } else if constexpr (Element<T>::kind == elements::Complex) {
    for (double re : {-1.7, -0.3, 0.8, 2.1})
      for (double im : {-1.4, 0.6, 1.9})
        all.push_back(T(re, im));
    all.push_back(T(1.25, 0));
  } else if constexpr (Element<T>::kind == elements::Floating) {
    for (int k = 0; k < 9; ++k)
      all.push_back(stored<T>(c.low + (c.high - c.low) * (k + 0.37) / 9));
    for (double x : {0.0, -0.0, 1.0, -1.0, 2.5, -2.5, inf, -inf, nan})
      all.push_back(stored<T>(x));
  } else {
    using Limits = std::numeric_limits<T>;
    for (T x :
         {T(0), T(1), T(2), T(3), T(7), T(31), T(100), T(-1), T(-2), T(-7), T(-100), Limits::min(), Limits::max()})
      all.push_back(x);
  }
  return all;
}

class Pointwise : public testing::TestWithParam<Case> {
protected:
  void SetUp() override { context.loadDialect<TdsDialect, mlir::func::FuncDialect>(); }

  /// Compiles the function for an element, calls it and compares.
  template <class T> void on() {
    const Case &c = GetParam();
    if (!(c.elements & Element<T>::kind))
      return;
    unsigned plain = c.params - c.condition;
    std::vector<T> values = samples<T>(c), x, y;
    for (T a : values)
      for (T b : plain > 1 ? values : std::vector<T>{values[0]}) {
        x.push_back(a);
        y.push_back(b);
      }
    std::vector<uint8_t> chosen;
    for (size_t k = 0; k < x.size(); ++k)
      chosen.push_back(k % 3 == 0);

    std::string of = llvm::formatv("tensor<{0}x{1}>", x.size(), Element<T>::name);
    std::string signature = "(", names;
    std::vector<Buffer> arguments;
    if (c.condition) {
      signature += llvm::formatv("%c: tensor<{0}xi1>, ", x.size());
      names += "%c, ";
      arguments.emplace_back(chosen);
    }
    arguments.emplace_back(x);
    signature += "%x: " + of;
    names += "%x";
    if (plain > 1) {
      arguments.emplace_back(y);
      signature += ", %y: " + of;
      names += ", %y";
    }
    std::string call = llvm::formatv("%r = tds.{0} {1} : {2}", c.name, names, of);
    // The op itself has the host value and says what its result is.
    mlir::OwningOpRef<mlir::ModuleOp> holder = parsed(signature, call);
    if (!holder && std::string_view(c.name) == "complex")
      return; // 16-bit parts make no complex number
    ASSERT_TRUE(holder) << call;
    tds::Pointwise op;
    holder->walk([&](tds::Pointwise found) { op = found; });
    std::string type;
    llvm::raw_string_ostream(type) << op->getResult(0).getType();

    SCOPED_TRACE(call);
    Lowered f(signature + ") -> " + type, call + "\nreturn %r : " + type);
    mlir::Type result = elementOf(op->getResult(0));
    size_t bytes = result.isInteger(1) ? 1
                   : llvm::isa<mlir::ComplexType>(result)
                       ? llvm::cast<mlir::ComplexType>(result).getElementType().getIntOrFloatBitWidth() / 4
                       : result.getIntOrFloatBitWidth() / 8;
    Buffer out = std::move(f(arguments, {x.size() * bytes})[0]);
    for (size_t k = 0; k < x.size() && !HasFailure(); ++k) {
      std::vector<HostValue> operands;
      if (c.condition)
        operands.push_back(host::Int(chosen[k]));
      operands.push_back(Element<T>::load(x[k]));
      if (plain > 1)
        operands.push_back(Element<T>::load(y[k]));
      std::optional<HostValue> want = op.host(operands);
      ASSERT_TRUE(want);
      SCOPED_TRACE("of " + text(operands));
      compare<T>(out, k, *want, result);
    }
  }

  mlir::OwningOpRef<mlir::ModuleOp> parsed(const std::string &signature, const std::string &call) {
    mlir::ScopedDiagnosticHandler quiet(&context, [](mlir::Diagnostic &) { return mlir::success(); });
    return mlir::parseSourceString<mlir::ModuleOp>("func.func @f" + signature + ") {\n" + call + "\nreturn\n}",
                                                   &context);
  }

  static std::string text(const std::vector<HostValue> &values) {
    std::ostringstream os;
    os.precision(17);
    for (const HostValue &value : values)
      std::visit(
          [&](auto v) {
            if constexpr (std::is_same_v<decltype(v), host::Int>)
              os << v.v << ' ';
            else
              os << v << ' ';
          },
          value);
    return os.str();
  }

  template <class T> void compare(const Buffer &out, size_t k, HostValue want, mlir::Type result) {
    double ulp = GetParam().ulp;
    if (result.isInteger(1)) {
      EXPECT_EQ(int(out.as<uint8_t>()[k]), int(std::get<host::Int>(want).v != 0));
    } else if constexpr (Element<T>::kind == elements::Floating) {
      if (llvm::isa<mlir::ComplexType>(result)) {
        if constexpr (sizeof(T) >= 4) {
          auto got = out.as<std::complex<T>>()[k];
          auto exact = std::get<host::Complex>(want);
          compareFloating<T>(got.real(), exact.real(), 0, 0);
          compareFloating<T>(got.imag(), exact.imag(), 0, 0);
        }
        return;
      }
      // lgamma and digamma are accurate beside 1: they pass through zero.
      bool gamma = llvm::StringRef(GetParam().name).ends_with("gamma");
      compareFloating<T>(std::get<double>(Element<T>::load(out.as<T>()[k])), std::get<double>(want), ulp,
                         gamma ? 1 : 0);
    } else if constexpr (Element<T>::kind == elements::Complex) {
      using Part = typename T::value_type;
      // Errors are those of the number as a whole.
      if (auto *real = std::get_if<double>(&want)) {
        compareFloating<Part>(out.as<Part>()[k], *real, ulp, 0);
        return;
      }
      T got = out.as<T>()[k];
      host::Complex exact = std::get<host::Complex>(want);
      double scale = std::abs(exact);
      EXPECT_LE(std::abs(host::Complex(got.real(), got.imag()) - exact), (ulp + 2) * spacing<Part>(scale))
          << got << ", expected " << exact;
    } else if constexpr (!std::is_same_v<T, Bool>) {
      EXPECT_EQ(int64_t(out.as<T>()[k]), int64_t(T(std::get<host::Int>(want).v)));
    }
  }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
};

INSTANTIATE_TEST_SUITE_P(Records, Pointwise, testing::ValuesIn(cases),
                         [](const auto &info) { return std::string(info.param.name); });

TEST_P(Pointwise, IsItsHostValue) {
  on<float>();
  on<double>();
  on<Half>();
  on<BFloat>();
  on<int8_t>();
  on<int16_t>();
  on<int32_t>();
  on<int64_t>();
  on<uint8_t>();
  on<uint64_t>();
  on<Bool>();
  on<std::complex<float>>();
  on<std::complex<double>>();
}

} // namespace
