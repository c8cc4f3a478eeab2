//===- TdsFunctions.td - every scalar function --------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef TDS_FUNCTIONS_TD
#define TDS_FUNCTIONS_TD
include "dialect/TdsBase.td"

/// What a function is defined on, as a union of kinds: bool 1, integers 2, key 4, floating 8, complex 16.
class Elements<string n, int kinds> { string name = n; int mask = kinds; }
def Bool     : Elements<"Bool", 1>;
def Integer  : Elements<"Integer", 2>;
def Floating : Elements<"Floating", 8>;
def Complex  : Elements<"Complex", 16>;
def Real     : Elements<"Real", 10>;      // integers and floating
def Analytic : Elements<"Analytic", 24>;  // floating and complex
def Numeric  : Elements<"Numeric", 26>;   // integers, floating, complex
def Any      : Elements<"Any", 31>;

/// The result's element.
class ResultRule<string n> { string name = n; }
def Same      : ResultRule<"Same">;
def ToBool    : ResultRule<"Bool">;
def RealOf    : ResultRule<"RealOf">;
def ComplexOf : ResultRule<"ComplexOf">;

/// The computation on scalars: a C++ expression of the builder `b` and the operands `v`.
class Scalar<string text> { string cpp = text; }
/// Libm, libdevice or a polynomial.
class Math<string op> : Scalar<"b.build<::mlir::math::" # op # ">(v)">;
/// The same function on complex numbers is written out.
class MathC<string op, string name>
    : Scalar<"b.isComplex() ? ::tds::scalar::" # name # "(b, v) : b.build<::mlir::math::" # op # ">(v)">;
/// Written out in Scalar.cpp.
class Own<string name> : Scalar<"::tds::scalar::" # name # "(b, v)">;
class Arith<string op> : Scalar<"b.build<::mlir::arith::" # op # ">(v)">;
class Arith3<string f, string s, string u>
    : Scalar<"b.pick<::mlir::arith::" # f # ", ::mlir::arith::" # s # ", ::mlir::arith::" # u # ">(v)">;
class Compare<string how> : Scalar<"::tds::scalar::compare(b, ::tds::scalar::Comparison::" # how # ", v)">;

/// A function of one to three operands. `host` and `partials` are of x, y (c, x, y for `select`), the latter of the result r too.
/// The derivative by a complex operand is that of a holomorphic function, f', or for a real result the p of dr = Re(p dx); the
/// walk conjugates it. A kink is written with `where`, which keeps 0 * inf away. No partials: none could be written.
class Tds_Function<string name, list<string> operands, dag ins, Elements on, ResultRule rule, Scalar how, string value,
                   list<string> d>
    : Tds_Op<name, [Pure, DeclareOpInterfaceMethods<Tds_Pointwise>, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  list<string> params = operands;
  Elements elements = on;
  ResultRule resultRule = rule;
  string host = value;
  list<string> partials = d;
  list<string> samples = ["-3.0", "3.0"];    // where generated tests draw each operand
  int ulp = 2;                               // of the compiled function against the host
  string example = "";                       // TDS

  let arguments = ins;
  let results = (outs AnyRankedTensor:$r);
  let hasCustomAssemblyFormat = 1;
  let hasFolder = 1;

  defvar condition = !if(!eq(!head(operands), "c"), "true", "false");
  defvar count = !size(operands);
  let extraClassDefinition = [{
    const ::tds::FunctionInfo &$cppClass::info() {
      static constexpr ::tds::FunctionInfo info{"}] # name # [{", }] # count # ", " # on.mask # [{, "}] # on.name #
        [{", ::tds::ResultRule::}] # rule.name # ", " # condition # [{};
      return info;
    }
    ::mlir::Value $cppClass::scalar(::tds::ScalarBuilder &b, ::mlir::ValueRange v) { return }] # how.cpp # [{; }
    std::optional<::tds::HostValue> $cppClass::host(::llvm::ArrayRef<::tds::HostValue> v) {
      using namespace ::tds::host;
      return ::tds::callHost<}] # on.mask # ", " # count # ", " # condition # [{>(v, []([[maybe_unused]] auto }] #
        !interleave(operands, ", [[maybe_unused]] auto ") # [{) { return }] # value # [{; });
    }
    ::llvm::SmallVector<::tds::Expr> $cppClass::partials(::tds::ExprBuilder &e) {
      using namespace ::tds::expr;
      using ::tds::Expr;
      [[maybe_unused]] Expr r = e.result();
      }] # !interleave(!foreach(k, !range(count),
             "[[maybe_unused]] Expr " # !cast<string>(operands[k]) # " = e.operand(" # k # ");"), " ") # [{
      return {}] # !interleave(!foreach(p, d, "Expr(" # p # ")"), ", ") # [{};
    }
    ::mlir::ParseResult $cppClass::parse(::mlir::OpAsmParser &p, ::mlir::OperationState &state) {
      return ::tds::parsePointwise(info(), p, state);
    }
    void $cppClass::print(::mlir::OpAsmPrinter &p) { ::tds::printPointwise(getOperation(), p); }
    ::llvm::LogicalResult $cppClass::inferReturnTypes(::mlir::MLIRContext *, std::optional<::mlir::Location> loc,
        ::mlir::ValueRange operands, ::mlir::DictionaryAttr, ::mlir::OpaqueProperties, ::mlir::RegionRange,
        ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      return ::tds::inferPointwise(info(), loc, operands, types);
    }
    ::mlir::OpFoldResult $cppClass::fold(FoldAdaptor a) { return ::tds::foldPointwise(getOperation(), a.getOperands()); }
  }];
}
class Tds_Unary<string name, Elements on, Scalar how, string value, string dx, ResultRule rule = Same>
    : Tds_Function<name, ["x"], (ins AnyRankedTensor:$x), on, rule, how, value, !if(!empty(dx), []<string>, [dx])>;
class Tds_Binary<string name, Elements on, Scalar how, string value, string dx, string dy, ResultRule rule = Same>
    : Tds_Function<name, ["x", "y"], (ins AnyRankedTensor:$x, AnyRankedTensor:$y), on, rule, how, value, [dx, dy]>;
class Tds_Comparison<string name, Elements on, string how, string value>
    : Tds_Binary<name, on, Compare<how>, value, "0.0", "0.0", ToBool>;

// arithmetic                        on        scalar        host          d/dx               d/dy
def Tds_AddOp : Tds_Binary<"add", Numeric, Own<"add">, "x + y", "1.0", "1.0"> {
  let summary = "the sum";
  let example = "2.0 + 3.0  # 5";
}
def Tds_SubOp : Tds_Binary<"sub", Numeric, Own<"sub">, "x - y", "1.0", "-1.0"> {
  let summary = "the difference";
  let example = "2.0 - 3.0  # -1";
}
def Tds_MulOp : Tds_Binary<"mul", Numeric, Own<"mul">, "x * y", "y", "x"> {
  let summary = "the product";
  let example = "2.0 * 3.0  # 6";
}
def Tds_DivOp : Tds_Binary<"div", Analytic, Own<"div">, "x / y", "1.0 / y", "-r / y"> {
  let summary = "the quotient";
  let example = "3.0 / 2.0  # 1.5";
}
def Tds_NegOp : Tds_Unary<"neg", Numeric, Own<"neg">, "-x", "-1.0"> {
  let summary = "the number with its sign changed";
  let example = "-(2.0)  # -2";
}
def Tds_AbsOp : Tds_Unary<"abs", Numeric, Own<"abs">, "abs(x)", "conj(sign(x))", RealOf> {
  let summary = "the magnitude; its derivative at 0 is 0";
  let example = "abs(-2.0)  # 2";
}
def Tds_SignOp : Tds_Unary<"sign", Numeric, Own<"sign">, "sign(x)", "0.0"> {
  let summary = "-1, 0 or 1; x / abs(x) of a complex number";
  let example = "sign(-2.0)  # -1";
}
def Tds_FloorDivOp : Tds_Binary<"floordiv", Real, Own<"floordiv">, "floordiv(x, y)", "0.0", "0.0"> {
  let summary = "the quotient rounded down; of integers, 0 where y is 0";
  let example = "-7 // 2  # -4";
}
def Tds_ModOp : Tds_Binary<"mod", Real, Own<"mod">, "mod(x, y)", "1.0", "-floordiv(x, y)"> {
  let summary = "the remainder of the quotient rounded down, it has y's sign; of integers, 0 where y is 0";
  let example = "-7 % 2  # 1";
}
def Tds_PowOp : Tds_Binary<"pow", Real, Own<"pow">, "pow(x, y)",
    "where(y == 0.0, 0.0, y * pow(x, y - 1.0))", "where(x == 0.0, 0.0, r * log(where(x == 0.0, 1.0, x)))"> {
  let summary = "x to the power y; its derivative by y is 0 where x is 0";
  let example = "2.0 ** 0.5  # 1.4142";
  let samples = ["0.2", "3.0"];
}

// exponentials, logarithms, roots
def Tds_SqrtOp : Tds_Unary<"sqrt", Analytic, MathC<"SqrtOp", "sqrt">, "sqrt(x)", "0.5 / r"> {
  let summary = "the square root";
  let example = "sqrt(2.0)  # 1.4142";
  let samples = ["0.1", "9.0"];
}
def Tds_RsqrtOp : Tds_Unary<"rsqrt", Floating, Math<"RsqrtOp">, "rsqrt(x)", "-0.5 * r / x"> {
  let summary = "1 / sqrt(x)";
  let example = "rsqrt(4.0)  # 0.5";
  let samples = ["0.1", "9.0"];
}
def Tds_ExpOp : Tds_Unary<"exp", Analytic, MathC<"ExpOp", "exp">, "exp(x)", "r"> {
  let summary = "e to the power x";
  let example = "exp(1.0)  # 2.7183";
}
def Tds_Expm1Op : Tds_Unary<"expm1", Floating, Math<"ExpM1Op">, "expm1(x)", "r + 1.0"> {
  let summary = "exp(x) - 1, accurate where x is near 0";
  let example = "expm1(1e-6)  # 1e-6";
}
def Tds_LogOp : Tds_Unary<"log", Analytic, MathC<"LogOp", "log">, "log(x)", "1.0 / x"> {
  let summary = "the natural logarithm";
  let example = "log(2.0)  # 0.6931";
  let samples = ["0.1", "9.0"];
}
def Tds_Log1pOp : Tds_Unary<"log1p", Floating, Math<"Log1pOp">, "log1p(x)", "1.0 / (1.0 + x)"> {
  let summary = "log(1 + x), accurate where x is near 0";
  let example = "log1p(1e-6)  # 1e-6";
  let samples = ["-0.9", "3.0"];
}
def Tds_Log2Op : Tds_Unary<"log2", Floating, Math<"Log2Op">, "log2(x)", "1.0 / (x * ln2)"> {
  let summary = "the logarithm to base 2";
  let example = "log2(8.0)  # 3";
  let samples = ["0.1", "9.0"];
}

// trigonometric and hyperbolic
def Tds_SinOp : Tds_Unary<"sin", Analytic, MathC<"SinOp", "sin">, "sin(x)", "cos(x)"> {
  let summary = "the sine";
  let example = "sin(1.0)  # 0.8415";
}
def Tds_CosOp : Tds_Unary<"cos", Analytic, MathC<"CosOp", "cos">, "cos(x)", "-sin(x)"> {
  let summary = "the cosine";
  let example = "cos(1.0)  # 0.5403";
}
def Tds_TanOp : Tds_Unary<"tan", Floating, Math<"TanOp">, "tan(x)", "1.0 + r * r"> {
  let summary = "the tangent";
  let example = "tan(1.0)  # 1.5574";
  let samples = ["-1.3", "1.3"];
}
def Tds_AsinOp : Tds_Unary<"asin", Floating, Math<"AsinOp">, "asin(x)", "1.0 / sqrt(1.0 - x * x)"> {
  let summary = "the arc sine";
  let example = "asin(0.5)  # 0.5236";
  let samples = ["-0.9", "0.9"];
}
def Tds_AcosOp : Tds_Unary<"acos", Floating, Math<"AcosOp">, "acos(x)", "-1.0 / sqrt(1.0 - x * x)"> {
  let summary = "the arc cosine";
  let example = "acos(0.5)  # 1.0472";
  let samples = ["-0.9", "0.9"];
}
def Tds_AtanOp : Tds_Unary<"atan", Floating, Math<"AtanOp">, "atan(x)", "1.0 / (1.0 + x * x)"> {
  let summary = "the arc tangent";
  let example = "atan(1.0)  # 0.7854";
}
def Tds_Atan2Op : Tds_Binary<"atan2", Floating, Math<"Atan2Op">, "atan2(x, y)", "y / (x * x + y * y)",
                             "-x / (x * x + y * y)"> {
  let summary = "the angle of the point with ordinate x and abscissa y";
  let example = "atan2(1.0, -1.0)  # 2.3562";
}
def Tds_SinhOp : Tds_Unary<"sinh", Floating, Math<"SinhOp">, "sinh(x)", "cosh(x)"> {
  let summary = "the hyperbolic sine";
  let example = "sinh(1.0)  # 1.1752";
}
def Tds_CoshOp : Tds_Unary<"cosh", Floating, Math<"CoshOp">, "cosh(x)", "sinh(x)"> {
  let summary = "the hyperbolic cosine";
  let example = "cosh(1.0)  # 1.5431";
}
def Tds_TanhOp : Tds_Unary<"tanh", Analytic, MathC<"TanhOp", "tanh">, "tanh(x)", "1.0 - r * r"> {
  let summary = "the hyperbolic tangent";
  let example = "tanh(1.0)  # 0.7616";
}

// others
def Tds_ErfOp : Tds_Unary<"erf", Floating, Math<"ErfOp">, "erf(x)", "two_sqrtpi * exp(-(x * x))"> {
  let summary = "the error function";
  let example = "erf(1.0)  # 0.8427";
}
def Tds_LgammaOp : Tds_Unary<"lgamma", Floating, Own<"lgamma">, "lgamma(x)", "digamma(x)"> {
  let summary = "the logarithm of |gamma(x)|";
  let example = "lgamma(5.0)  # log(24) = 3.1781";
  let samples = ["0.1", "9.0"];
  let ulp = 8;
}
def Tds_DigammaOp : Tds_Unary<"digamma", Floating, Own<"digamma">, "digamma(x)", ""> {
  let summary = "the derivative of lgamma; it has none itself";
  let example = "digamma(1.0)  # -0.5772";
  let samples = ["0.1", "9.0"];
  let ulp = 8;
}
def Tds_SigmoidOp : Tds_Unary<"sigmoid", Floating, Own<"sigmoid">, "sigmoid(x)", "r * (1.0 - r)"> {
  let summary = "1 / (1 + exp(-x))";
  let example = "sigmoid(0.0)  # 0.5";
}
def Tds_ReluOp : Tds_Unary<"relu", Floating, Own<"relu">, "relu(x)", "where(x > 0.0, 1.0, 0.0)"> {
  let summary = "x, or 0 where it is negative; its derivative at 0 is 0";
  let example = "relu(-2.0)  # 0";
}
def Tds_FloorOp : Tds_Unary<"floor", Floating, Math<"FloorOp">, "floor(x)", "0.0"> {
  let summary = "the greatest whole number that is at most x";
  let example = "floor(-1.5)  # -2";
}
def Tds_CeilOp : Tds_Unary<"ceil", Floating, Math<"CeilOp">, "ceil(x)", "0.0"> {
  let summary = "the least whole number that is at least x";
  let example = "ceil(-1.5)  # -1";
}
def Tds_RoundOp : Tds_Unary<"round", Floating, Math<"RoundEvenOp">, "round(x)", "0.0"> {
  let summary = "the nearest whole number, a half to the even one";
  let example = "round(2.5)  # 2";
}
def Tds_MaximumOp : Tds_Binary<"maximum", Real, Arith3<"MaximumFOp", "MaxSIOp", "MaxUIOp">, "maximum(x, y)",
    "where(x > y, 1.0, where(x == y, 0.5, 0.0))", "where(y > x, 1.0, where(x == y, 0.5, 0.0))"> {
  let summary = "the greater one; nan if one is; a tie gives half the derivative to each";
  let example = "maximum(2.0, 3.0)  # 3";
}
def Tds_MinimumOp : Tds_Binary<"minimum", Real, Arith3<"MinimumFOp", "MinSIOp", "MinUIOp">, "minimum(x, y)",
    "where(x < y, 1.0, where(x == y, 0.5, 0.0))", "where(y < x, 1.0, where(x == y, 0.5, 0.0))"> {
  let summary = "the lesser one; nan if one is; a tie gives half the derivative to each";
  let example = "minimum(2.0, 3.0)  # 2";
}
def Tds_StopGradientOp : Tds_Unary<"stop_gradient", Any, Scalar<"v[0]">, "x", "0.0"> {
  let summary = "x, as a constant to derivatives";
  let example = "stop_gradient(x)";
}

// comparisons
def Tds_EqOp : Tds_Comparison<"eq", Any, "Eq", "x == y"> {
  let summary = "whether both are equal; false with nan";
  let example = "1 == 2  # false";
}
def Tds_NeOp : Tds_Comparison<"ne", Any, "Ne", "x != y"> {
  let summary = "whether they differ; true with nan";
  let example = "1 != 2  # true";
}
def Tds_LtOp : Tds_Comparison<"lt", Real, "Lt", "x < y"> {
  let summary = "whether x is less than y; false with nan";
  let example = "1 < 2  # true";
}
def Tds_LeOp : Tds_Comparison<"le", Real, "Le", "x <= y"> {
  let summary = "whether x is at most y; false with nan";
  let example = "2 <= 2  # true";
}
def Tds_GtOp : Tds_Comparison<"gt", Real, "Gt", "x > y"> {
  let summary = "whether x is greater than y; false with nan";
  let example = "1 > 2  # false";
}
def Tds_GeOp : Tds_Comparison<"ge", Real, "Ge", "x >= y"> {
  let summary = "whether x is at least y; false with nan";
  let example = "2 >= 2  # true";
}
def Tds_IsNanOp : Tds_Unary<"isnan", Floating, Own<"isnan">, "isnan(x)", "0.0", ToBool> {
  let summary = "whether x is not a number";
  let example = "isnan(nan)  # true";
}
def Tds_IsFiniteOp : Tds_Unary<"isfinite", Floating, Own<"isfinite">, "isfinite(x)", "0.0", ToBool> {
  let summary = "whether x is neither infinite nor nan";
  let example = "isfinite(inf)  # false";
}

// bools
def Tds_AndOp : Tds_Binary<"and", Bool, Arith<"AndIOp">, "x & y", "0.0", "0.0"> {
  let summary = "whether both are true";
  let example = "true and false  # false";
}
def Tds_OrOp : Tds_Binary<"or", Bool, Arith<"OrIOp">, "x | y", "0.0", "0.0"> {
  let summary = "whether one is true";
  let example = "true or false  # true";
}
def Tds_NotOp : Tds_Unary<"not", Bool, Scalar<"::tds::scalar::logicalNot(b, v)">, "x == Int(0)", "0.0"> {
  let summary = "whether x is false";
  let example = "not true  # false";
}
def Tds_SelectOp : Tds_Function<"select", ["c", "x", "y"],
    (ins AnyRankedTensor:$c, AnyRankedTensor:$x, AnyRankedTensor:$y), Any, Same,
    Scalar<"::mlir::arith::SelectOp::create(b.b, b.loc, v[0], v[1], v[2])">, "c ? x : y",
    ["0.0", "where(c, 1.0, 0.0)", "where(c, 0.0, 1.0)"]> {
  let summary = "x where c holds, else y; both are computed";
  let example = "where(1 < 2, 3.0, 4.0)  # 3";
}

// complex numbers
def Tds_ComplexOp : Tds_Binary<"complex", Floating, Own<"complex">, "complex(x, y)", "1.0", "i", ComplexOf> {
  let summary = "the complex number x + y i";
  let example = "complex(1.0, 2.0)";
}
def Tds_RealOp : Tds_Unary<"real", Complex, Own<"real">, "real(x)", "1.0", RealOf> {
  let summary = "the real part";
  let example = "real(complex(1.0, 2.0))  # 1";
}
def Tds_ImagOp : Tds_Unary<"imag", Complex, Own<"imag">, "imag(x)", "-i", RealOf> {
  let summary = "the imaginary part";
  let example = "imag(complex(1.0, 2.0))  # 2";
}
def Tds_ConjOp : Tds_Unary<"conj", Complex, Own<"conj">, "conj(x)", "1.0"> {
  let summary = "the conjugate; its derivative is the conjugate";
  let example = "conj(complex(1.0, 2.0))  # 1 - 2 i";
}
def Tds_AngleOp : Tds_Unary<"angle", Complex, Own<"angle">, "angle(x)", "-i / x", RealOf> {
  let summary = "the angle in the complex plane";
  let example = "angle(complex(0.0, 1.0))  # 1.5708";
}

// bits
def Tds_BitAndOp : Tds_Binary<"bitand", Integer, Arith<"AndIOp">, "x & y", "0.0", "0.0"> {
  let summary = "the bits that both have";
  let example = "bitand(6, 3)  # 2";
}
def Tds_BitOrOp : Tds_Binary<"bitor", Integer, Arith<"OrIOp">, "x | y", "0.0", "0.0"> {
  let summary = "the bits that one of them has";
  let example = "bitor(6, 3)  # 7";
}
def Tds_BitXorOp : Tds_Binary<"bitxor", Integer, Arith<"XOrIOp">, "x ^ y", "0.0", "0.0"> {
  let summary = "the bits in which they differ";
  let example = "bitxor(6, 3)  # 5";
}
def Tds_ShlOp : Tds_Binary<"shl", Integer, Own<"shl">, "shl(x, y)", "0.0", "0.0"> {
  let summary = "x shifted left by y bits; 0 where y is not less than their number";
  let example = "shl(3, 2)  # 12";
}
def Tds_ShrOp : Tds_Binary<"shr", Integer, Own<"shr">, "shr(x, y)", "0.0", "0.0"> {
  let summary = "x shifted right by y bits, copies of the sign come in";
  let example = "shr(12, 2)  # 3";
}

#endif
