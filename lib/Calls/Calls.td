//===- Calls.td - calls of the runtime -----------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef TDS_CALLS_TD
#define TDS_CALLS_TD
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Rt_Dialect : Dialect {
  let name = "rt";
  let cppNamespace = "::tds";
  let summary = "what compiled code asks of the runtime";
}

def Rt_RuntimeCallOp : Op<Rt_Dialect, "call", [AttrSizedOperandSegments, DestinationStyleOpInterface,
                                        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "a call of a function of the runtime";
  let description = [{
    The function takes the `tds_call` and a struct: addresses of the inputs, then of the results, then the numbers, 64 bits each
    (runtime/abi/abi.h has it). It reads all of the inputs and writes all of the results, row-major and contiguous. On tensors the
    operands after `into` are where the results may be written; on buffers they are the results, and `for` has the call.

    ```mlir
    %y = rt.call "tds_cholesky"(%x : tensor<4x4xf32>) into(%e : tensor<4x4xf32>) numbers [1, 4, 8, 1, 0] -> tensor<4x4xf32>
    rt.call "tds_cholesky"(%x : memref<4x4xf32>) into(%y : memref<4x4xf32>) numbers [1, 4, 8, 1, 0] for %call : !llvm.ptr
    ```
  }];
  let arguments = (ins StrAttr:$symbol, Variadic<AnyShaped>:$inputs, Variadic<AnyShaped>:$outs, Optional<AnyType>:$call,
                       DenseI64ArrayAttr:$numbers);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    $symbol `(` ($inputs^ `:` type($inputs))? `)` `into` `(` ($outs^ `:` type($outs))? `)` `numbers` $numbers
    (`for` $call^ `:` type($call))? attr-dict (`->` type($results)^)?
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutsMutable(); }
  }];
}

def Rt_RuntimeBarrierOp : Op<Rt_Dialect, "barrier", [Pure, AllTypesMatch<["x", "result"]>]> {
  let summary = "the same tensor, which no two computations become one across";
  let description = [{
    `tds.barrier` of elements as they are stored. It has the buffer of x.

    ```mlir
    %0 = rt.barrier %x number 1 : tensor<4xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$x, I64Attr:$number);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$x `number` $number attr-dict `:` type($x)";
}

#endif
