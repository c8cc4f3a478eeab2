//===- Pointwise.h - what the scalar functions share ------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include "dialect/Host.h"
#include "dialect/TdsTypes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include <variant>

namespace tds {

/// Kinds of elements, as bits; what a function is defined on is a union of them.
namespace elements {
enum : unsigned { Boolean = 1, Integer = 2, Key = 4, Floating = 8, Complex = 16 };
}

/// The result's element from the operands'.
enum class ResultRule { Same, Bool, RealOf, ComplexOf };

/// A scalar function as the verifier, the type rule and the builder see it.
struct FunctionInfo {
  llvm::StringLiteral name;
  unsigned arity;
  unsigned elements;               ///< bits of tds::elements
  llvm::StringLiteral elementsName;
  ResultRule result;
  bool condition;                  ///< the first operand is a bool: `select`
};

/// How scalars of an op's elements are computed.
enum class ScalarKind { Bool, Signed, Unsigned, Float, Complex };
ScalarKind scalarKind(mlir::Type element);

/// Appends the scalar computation of one op.
struct ScalarBuilder {
  ScalarBuilder(mlir::OpBuilder &b, mlir::Operation *op);
  ScalarBuilder(mlir::OpBuilder &b, mlir::Location loc, ScalarKind kind) : b(b), loc(loc), kind(kind) {}

  bool isFloat() const { return kind == ScalarKind::Float; }
  bool isComplex() const { return kind == ScalarKind::Complex; }
  bool isUnsigned() const { return kind == ScalarKind::Unsigned || kind == ScalarKind::Bool; }

  /// An op whose result has the type of its operands.
  template <class Op> mlir::Value build(mlir::ValueRange v) const {
    return Op::create(b, loc, v[0].getType(), v, llvm::ArrayRef<mlir::NamedAttribute>());
  }
  template <class Float, class Integer> mlir::Value pick(mlir::ValueRange v) const {
    return isFloat() ? build<Float>(v) : build<Integer>(v);
  }
  template <class Float, class Signed, class Unsigned> mlir::Value pick(mlir::ValueRange v) const {
    return isFloat() ? build<Float>(v) : isUnsigned() ? build<Unsigned>(v) : build<Signed>(v);
  }

  mlir::OpBuilder &b;
  mlir::Location loc;
  ScalarKind kind;
};

/// A scalar on the host. Integers, bools and keys are an Int, u8 and keys as their unsigned value.
using HostValue = std::variant<host::Int, double, host::Complex>;

/// The kind bit of an element type; 0 if tensors have no such elements.
unsigned elementKind(mlir::Type element);
/// The element of a result whose operands have this element (of the last operand).
mlir::Type resultElement(const FunctionInfo &info, mlir::Type element);

// What the generated methods of a pointwise op call.
llvm::LogicalResult verifyPointwise(mlir::Operation *op);
llvm::LogicalResult inferPointwise(const FunctionInfo &info, std::optional<mlir::Location> loc,
                                   mlir::ValueRange operands, llvm::SmallVectorImpl<mlir::Type> &types);
mlir::ParseResult parsePointwise(const FunctionInfo &info, mlir::OpAsmParser &p, mlir::OperationState &state);
void printPointwise(mlir::Operation *op, mlir::OpAsmPrinter &p);
/// f(constants)  =>  constant, through host().
mlir::OpFoldResult foldPointwise(mlir::Operation *op, llvm::ArrayRef<mlir::Attribute> operands);

namespace detail {
inline HostValue toHost(bool x) { return host::Int(x); }
template <class T> HostValue toHost(T x) { return x; }

template <class T, bool condition, class F, size_t... I>
HostValue applyHost(F f, llvm::ArrayRef<HostValue> v, std::index_sequence<I...>) {
  if constexpr (condition)
    return toHost(f(std::get<host::Int>(v[0]).v != 0, std::get<T>(v[I + 1])...));
  else
    return toHost(f(std::get<T>(v[I])...));
}
} // namespace detail

/// Calls a host text with operands of the kind at hand; it is instantiated for the kinds it is defined on alone.
template <unsigned on, unsigned arity, bool condition, class F>
std::optional<HostValue> callHost(llvm::ArrayRef<HostValue> v, F f) {
  using Operands = std::make_index_sequence<arity - condition>;
  if constexpr (on & (elements::Boolean | elements::Integer | elements::Key))
    if (std::holds_alternative<host::Int>(v.back()))
      return detail::applyHost<host::Int, condition>(f, v, Operands());
  if constexpr (on & elements::Floating)
    if (std::holds_alternative<double>(v.back()))
      return detail::applyHost<double, condition>(f, v, Operands());
  if constexpr (on & elements::Complex)
    if (std::holds_alternative<host::Complex>(v.back()))
      return detail::applyHost<host::Complex, condition>(f, v, Operands());
  return std::nullopt;
}

class ExprBuilder;

/// A value under construction, or a number that has not met one yet; operators append tds ops.
struct Expr {
  Expr(double c) : number(c) {}
  Expr(host::Complex c) : number(c) {}
  Expr(ExprBuilder *e, mlir::Value v) : e(e), v(v) {}
  bool isNumber() const { return !e; }
  bool is(double c) const { return !e && number == c; }

  ExprBuilder *e = nullptr;
  mlir::Value v;
  host::Complex number = 0;
};

/// Where the partial derivatives of one op are written.
class ExprBuilder {
public:
  ExprBuilder(mlir::OpBuilder &b, mlir::Operation *op) : b(b), op(op) {}
  ExprBuilder(const ExprBuilder &) = delete;
  Expr operand(unsigned i) { return {this, op->getOperand(i)}; }
  Expr result() { return {this, op->getResult(0)}; }
  /// The value; a number becomes a constant with the type of the op's last operand.
  mlir::Value value(Expr x);
  /// The value; a number becomes a constant like `like`.
  mlir::Value value(Expr x, mlir::Value like);
  /// A pointwise op by its name.
  Expr apply(llvm::StringRef name, llvm::ArrayRef<Expr> operands);

private:
  mlir::OpBuilder &b;
  mlir::Operation *op;
};

/// Lowerings that are more than one upstream op; the names are those of the records.
namespace scalar {
#define TDS_SCALAR(name) mlir::Value name(ScalarBuilder &b, mlir::ValueRange v);
TDS_SCALAR(add)
TDS_SCALAR(sub)
TDS_SCALAR(mul)
TDS_SCALAR(div)
TDS_SCALAR(neg)
TDS_SCALAR(abs)
TDS_SCALAR(sign)
TDS_SCALAR(sqrt)
TDS_SCALAR(exp)
TDS_SCALAR(log)
TDS_SCALAR(sin)
TDS_SCALAR(cos)
TDS_SCALAR(tanh)
TDS_SCALAR(lgamma)
TDS_SCALAR(digamma)
TDS_SCALAR(sigmoid)
TDS_SCALAR(relu)
TDS_SCALAR(pow)
TDS_SCALAR(floordiv)
TDS_SCALAR(mod)
TDS_SCALAR(shl)
TDS_SCALAR(shr)
TDS_SCALAR(isnan)
TDS_SCALAR(isfinite)
TDS_SCALAR(complex)
TDS_SCALAR(real)
TDS_SCALAR(imag)
TDS_SCALAR(conj)
TDS_SCALAR(angle)
#undef TDS_SCALAR
enum class Comparison { Eq, Ne, Lt, Le, Gt, Ge };
mlir::Value compare(ScalarBuilder &b, Comparison how, mlir::ValueRange v);
mlir::Value logicalNot(ScalarBuilder &b, mlir::ValueRange v);
} // namespace scalar

/// Philox4x32-10 on i32 scalars; `key` is an i64.
std::array<mlir::Value, 4> philox(mlir::OpBuilder &b, mlir::Location loc, std::array<mlir::Value, 4> counter,
                                  mlir::Value key);

} // namespace tds
