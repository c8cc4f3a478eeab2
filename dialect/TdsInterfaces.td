//===- TdsInterfaces.td - what the compiler asks of an op ---------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef TDS_INTERFACES_TD
#define TDS_INTERFACES_TD
include "mlir/IR/Interfaces.td"

def Tds_Pointwise : OpInterface<"Pointwise"> {
  let cppNamespace = "::tds";
  let description = [{
    A scalar function on the elements of operands of one shape. Lowering, both modes of differentiation, folding and
    testing are written once against this interface.
  }];
  let methods = [
    StaticInterfaceMethod<"Name, operands and element rule.", "const ::tds::FunctionInfo &", "info">,
    InterfaceMethod<[{
      The scalar computation, on arith and math ops (complex.create, re, im for complex numbers). The operands are signless,
      and may be of a wider floating type than the op's elements.
    }], "::mlir::Value", "scalar", (ins "::tds::ScalarBuilder &":$b, "::mlir::ValueRange":$operands)>,
    InterfaceMethod<"The value on the host; none where this is not defined.",
      "::std::optional<::tds::HostValue>", "host", (ins "::llvm::ArrayRef<::tds::HostValue>":$operands)>,
    InterfaceMethod<[{
      A partial derivative an operand, the number 0 where it is zero. Empty: the function has no derivative that could be
      written, which is an error where one is asked for.
    }], "::llvm::SmallVector<::tds::Expr>", "partials", (ins "::tds::ExprBuilder &":$e)>,
  ];
  let verify = [{ return ::tds::verifyPointwise($_op); }];
}

def Tds_Linear : OpInterface<"Linear"> {
  let cppNamespace = "::tds";
  let description = [{
    An op that is linear in some of its operands, taken together or one by one. Its rules make tds ops only.
  }];
  let methods = [
    InterfaceMethod<"Whether the result is a linear function of this operand.", "bool", "isLinearIn",
      (ins "unsigned":$operand)>,
    InterfaceMethod<"The cotangent of an operand in which the op is linear; `dy` is the result's.", "::mlir::Value",
      "adjoint", (ins "::mlir::OpBuilder &":$b, "::mlir::Location":$loc, "unsigned":$operand, "::mlir::Value":$dy)>,
    InterfaceMethod<[{
      The tangent of the result from those of the operands: null where zero, and at least one is not null. Operands in
      which the op is not linear have none.
    }], "::mlir::Value", "tangent",
      (ins "::mlir::OpBuilder &":$b, "::mlir::Location":$loc, "::llvm::ArrayRef<::mlir::Value>":$tangents)>,
  ];
}

def Tds_Differentiable : OpInterface<"Differentiable"> {
  let cppNamespace = "::tds";
  let description = "An op that has rules of its own for both modes. Zero is a null value.";
  let methods = [
    InterfaceMethod<"Cotangents of the operands from those of the results.", "::llvm::LogicalResult", "vjp",
      (ins "::mlir::OpBuilder &":$b, "::mlir::ValueRange":$cotangents,
           "::llvm::SmallVectorImpl<::mlir::Value> &":$operandCotangents)>,
    InterfaceMethod<"Tangents of the results from those of the operands.", "::llvm::LogicalResult", "jvp",
      (ins "::mlir::OpBuilder &":$b, "::mlir::ValueRange":$tangents,
           "::llvm::SmallVectorImpl<::mlir::Value> &":$resultTangents)>,
  ];
}

#endif
