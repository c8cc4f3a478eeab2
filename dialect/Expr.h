//===- Expr.h - the language of the derivative rules ------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators and functions over Expr. The text of a rule is the common subset of C++ and TDS: it compiles over Expr (to tds
// ops) and over double (tests), and documentation prints it.
//===----------------------------------------------------------------------===//
#pragma once
#include "dialect/Pointwise.h"

namespace tds::expr {
using host::i, host::ln2, host::pi, host::two_sqrtpi;

Expr operator+(Expr a, Expr b);
Expr operator-(Expr a, Expr b);
Expr operator*(Expr a, Expr b);
Expr operator/(Expr a, Expr b);
Expr operator-(Expr a);
Expr operator==(Expr a, Expr b);
Expr operator<(Expr a, Expr b);
Expr operator<=(Expr a, Expr b);
Expr operator>(Expr a, Expr b);
Expr operator>=(Expr a, Expr b);
Expr where(Expr c, Expr a, Expr b);
/// The conjugate; of real numbers, themselves.
Expr conj(Expr a);
/// The sign; of complex numbers x / abs(x) in parts that have derivatives, which the op has not.
Expr sign(Expr a);

// What rules call by name; each appends the op of that name.
#define TDS_UNARY(name) \
  inline Expr name(Expr a) { return a.e->apply(#name, {a}); }
TDS_UNARY(exp)
TDS_UNARY(log)
TDS_UNARY(sqrt)
TDS_UNARY(sin)
TDS_UNARY(cos)
TDS_UNARY(tan)
TDS_UNARY(sinh)
TDS_UNARY(cosh)
TDS_UNARY(digamma)
#undef TDS_UNARY
inline Expr pow(Expr a, Expr b) { return (a.e ? a.e : b.e)->apply("pow", {a, b}); }
inline Expr floordiv(Expr a, Expr b) { return (a.e ? a.e : b.e)->apply("floordiv", {a, b}); }

} // namespace tds::expr
