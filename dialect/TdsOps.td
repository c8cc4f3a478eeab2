//===- TdsOps.td - the structural ops -----------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef TDS_OPS_TD
#define TDS_OPS_TD
include "dialect/TdsBase.td"

class Tds_Enum<string name, string summary, list<string> words>
    : I32EnumAttr<name, summary, !foreach(i, !range(!size(words)), I32EnumAttrCase<words[i], i>)> {
  let cppNamespace = "::tds";
}
def Tds_Outside : Tds_Enum<"Outside", "what is read outside of a tensor", ["none", "otherwise", "wrap", "clamp"]>;
def Tds_ReduceKind : Tds_Enum<"ReduceKind", "how a reduction combines",
                              ["sum", "prod", "max", "min", "any", "all", "argmax", "argmin"]>;
def Tds_FftKind : Tds_Enum<"FftKind", "which Fourier transform", ["fft", "ifft", "rfft", "irfft"]>;
def Tds_ScanKind : Tds_Enum<"ScanKind", "how a scan combines", ["sum", "prod"]>;
def Tds_ScatterKind : Tds_Enum<"ScatterKind", "what a scatter does where it writes", ["add", "set"]>;

defvar Tensor = AnyRankedTensor;
defvar LinearRules = DeclareOpInterfaceMethods<Tds_Linear>;

//===----------------------------------------------------------------------===//
// Making values
//===----------------------------------------------------------------------===//

def Tds_ConstantOp : Tds_Op<"constant", [Pure, ConstantLike]> {
  let summary = "a tensor that is known";
  let description = [{
    `y[d] = value[d]`. The value has the result's type, or it is of rank 0 and fills the result, which may be open; a value of
    another type than the result's follows it in text.

    ```mlir
    %0 = tds.constant dense<[1.0, 2.0]> : tensor<2xf32>
    %1 = tds.constant dense<0.0> : tensor<f32> -> tensor<?xf32, ["n"]>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Tensor:$result);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tds_SizeOp : Tds_Op<"size", [Pure, InferTypeOpAdaptor]> {
  let summary = "a size as a scalar";
  let description = [{
    The value of a size expression, which is a number where it is known.

    ```mlir
    %0 = tds.size "2 * n"
    ```
  }];
  let arguments = (ins StrAttr:$size);
  let results = (outs TensorOf<[I64]>:$result);
  let assemblyFormat = "$size attr-dict";
  let hasFolder = 1;
}

def Tds_IotaOp : Tds_Op<"iota", [Pure]> {
  let summary = "the position along a dimension";
  let description = [{
    `y[d0, d1, ...] = d_dim`, integers.

    ```mlir
    %0 = tds.iota 1 : tensor<4x8xi32>
    ```
  }];
  let arguments = (ins I64Attr:$dim);
  let results = (outs TensorOf<[AnyInteger]>:$result);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

def Tds_ConvertOp : Tds_Op<"convert", [Pure, LinearRules]> {
  let summary = "the same numbers as other elements";
  let description = [{
    `y[d] = x[d]`, rounded to nearest. Floating to integer truncates, saturates, nan gives 0; a bool is 0 or 1, a number is
    true unless it is 0; integers are cut or extended by their sign; a real number becomes a complex one. Linear between floating
    and complex elements; adjoint: `dx = convert(dy)`.

    ```mlir
    %0 = tds.convert %x : tensor<4xf32> -> tensor<4xi32>
    ```
  }];
  let arguments = (ins Tensor:$x);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

//===----------------------------------------------------------------------===//
// Reading and adding at affine places
//===----------------------------------------------------------------------===//

def Tds_AccessOp : Tds_Op<"access", [Pure, LinearRules]> {
  let summary = "a read at affine functions of the index space";
  let description = [{
    `y[d] = x[map(d)]`: transpose, broadcast, slice, window, pad. The map takes the result's indices, its symbols are size
    expressions. Outside of x: nothing is (`none`), the value after `else` (of rank 0 or the result's shape), or the place
    taken modulo the size (`wrap`) or moved to the edge (`clamp`). Linear in x and the other value together; adjoint:
    `accumulate`, or for a permutation and broadcast a sum and an access.

    ```mlir
    %0 = tds.access %x at (d0, d1) -> (d1, d0) : tensor<4x8xf32> -> tensor<8x4xf32>
    %1 = tds.access %x at (d0)[s0] -> (s0 - d0) sizes ["n"] else %zero : tensor<?xf32, ["n"]> -> tensor<8xf32>
    ```
  }];
  let arguments = (ins Tensor:$x, Optional<Tensor>:$otherwise, AffineMapAttr:$map, StrArrayAttr:$symbols,
                       Tds_Outside:$outside);
  let results = (outs Tensor:$result);
  let assemblyFormat = [{
    $x `at` custom<Map>($map, $symbols) custom<Outside>($outside, $otherwise) attr-dict `:`
    custom<AccessTypes>(ref($otherwise), type($x), type($otherwise), type($result))
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Type":$result, "::mlir::Value":$x, "::mlir::AffineMap":$map)>,
    OpBuilder<(ins "::mlir::Type":$result, "::mlir::Value":$x, "::mlir::AffineMap":$map,
               "::llvm::ArrayRef<std::string>":$symbols, "Outside":$outside, "::mlir::Value":$otherwise)>,
  ];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tds_AccumulateOp : Tds_Op<"accumulate", [Pure, LinearRules]> {
  let summary = "a sum into affine functions of the index space";
  let description = [{
    `y = 0`, then `y[map(d)] += x[d]` for all d: the adjoint of an access. The map takes the indices of x. `drop` leaves out what
    is outside of y. Adjoint: `access`.

    ```mlir
    %0 = tds.accumulate %x at (d0) -> (d0 + 1) drop : tensor<8xf32> -> tensor<8xf32>
    ```
  }];
  let arguments = (ins Tensor:$x, AffineMapAttr:$map, StrArrayAttr:$symbols, Tds_Outside:$outside);
  let results = (outs Tensor:$result);
  let assemblyFormat = [{
    $x `at` custom<Map>($map, $symbols) custom<Drop>($outside) attr-dict `:` type($x) `->` type($result)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Reading and writing at places that are data
//===----------------------------------------------------------------------===//

def Tds_GatherOp : Tds_Op<"gather", [Pure, AttrSizedOperandSegments, LinearRules]> {
  let summary = "a read at indices that are data";
  let description = [{
    `y[d] = x[map(d)[ids[d], sizes]]`: an access whose first symbols are the values of the ids at d; they are integer tensors of
    the result's shape. With `none`, coordinates that use ids are checked when run, and the place is clamped. Linear in x and
    the other value; adjoint: `scatter add`.

    ```mlir
    %0 = tds.gather %x[%i] at (d0, d1)[s0] -> (s0, d1) : tensor<9x4xf32>, (tensor<3x4xi32>) -> tensor<3x4xf32>
    ```
  }];
  let arguments = (ins Tensor:$x, Variadic<TensorOf<[AnyInteger]>>:$ids, Optional<Tensor>:$otherwise, AffineMapAttr:$map,
                       StrArrayAttr:$symbols, Tds_Outside:$outside);
  let results = (outs Tensor:$result);
  let assemblyFormat = [{
    $x `[` $ids `]` `at` custom<Map>($map, $symbols) custom<Outside>($outside, $otherwise) attr-dict `:`
    custom<GatherTypes>(ref($otherwise), type($x), type($ids), type($otherwise), type($result))
  }];
  let hasVerifier = 1;
}

def Tds_ScatterOp : Tds_Op<"scatter", [Pure, LinearRules]> {
  let summary = "a write at indices that are data";
  let description = [{
    `y = init`, then in row-major order of d `y[map(d)[ids[d], sizes]] += v[d]` (`add`) or `= v[d]` (`set`: of repeated places the
    last one stays). `none` checks ids as `gather` does, `drop` leaves out what is outside. Linear in init and v together;
    adjoints: for `add` dy itself and `gather`; for `set` dy where nothing was written, and `gather` where d wrote last.

    ```mlir
    %0 = tds.scatter add %y, %v[%i] at (d0)[s0] -> (s0) : tensor<9xf32>, tensor<3xf32>, (tensor<3xi32>)
    ```
  }];
  let arguments = (ins Tds_ScatterKind:$kind, Tensor:$init, Tensor:$v, Variadic<TensorOf<[AnyInteger]>>:$ids,
                       AffineMapAttr:$map, StrArrayAttr:$symbols, Tds_Outside:$outside);
  let results = (outs Tensor:$result);
  let assemblyFormat = [{
    $kind $init `,` $v `[` $ids `]` `at` custom<Map>($map, $symbols) custom<Drop>($outside) attr-dict `:`
    custom<ScatterTypes>(type($init), type($v), type($ids), type($result))
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Combining along dimensions
//===----------------------------------------------------------------------===//

def Tds_ReduceOp : Tds_Op<"reduce", [Pure, InferTypeOpAdaptor, LinearRules, DeclareOpInterfaceMethods<Tds_Differentiable>]> {
  let summary = "a combination over dimensions, which go";
  let description = [{
    `y[rest] = kind over dims of x[d]`. max and min pass nan; argmax and argmin take one dimension and give an i32, of equals the
    first, nan before all. Over nothing: sum 0, prod 1, max the least (floating -inf), min the greatest, any false, all true.
    A sum is linear, its adjoint a broadcast. max and min give equal shares to what is equal to the result; prod gives each
    element the product of the others, right with zeros.

    ```mlir
    %0 = tds.reduce sum %x over [1, 2] : tensor<4x8x2xf32>
    ```
  }];
  let arguments = (ins Tds_ReduceKind:$kind, Tensor:$x, DenseI64ArrayAttr:$dims);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$kind $x `over` $dims attr-dict `:` type($x)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tds_ScanOp : Tds_Op<"scan", [Pure, SameOperandsAndResultType, LinearRules,
                                 DeclareOpInterfaceMethods<Tds_Differentiable>]> {
  let summary = "running sums or products along a dimension";
  let description = [{
    `y[.., i, ..] = kind over k <= i of x[.., k, ..]`; `k >= i` in reverse. A sum is linear, its adjoint the scan the other way.

    ```mlir
    %0 = tds.scan sum %x along 1 reverse : tensor<4x8xf32>
    ```
  }];
  let arguments = (ins Tds_ScanKind:$kind, Tensor:$x, I64Attr:$dim, UnitAttr:$reverse);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$kind $x `along` custom<Dim>($dim) (`reverse` $reverse^)? attr-dict `:` type($x)";
  let hasVerifier = 1;
}

def Tds_ContractOp : Tds_Op<"contract", [Pure, InferTypeOpAdaptor, LinearRules]> {
  let summary = "a sum of products of permuted reads";
  let description = [{
    `y[rest] = sum over reduce of a[ma(d)] * b[mb(d)]`. The maps are projected permutations of one index space and use each index
    at least once; the result's dimensions are the indices that are not reduced, in order. Linear in each operand; adjoint:
    `contract` of dy with the other one.

    ```mlir
    %0 = tds.contract %a, %b maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>] over [2]
           : tensor<4x8xf32>, tensor<8x2xf32>
    ```
  }];
  let arguments = (ins Tensor:$a, Tensor:$b, AffineMapArrayAttr:$maps, DenseI64ArrayAttr:$reduce);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$a `,` $b `maps` $maps `over` $reduce attr-dict `:` type($a) `,` type($b)";
  let extraClassDeclaration = [{
    ::mlir::AffineMap mapOf(unsigned operand) {
      return ::llvm::cast<::mlir::AffineMapAttr>(getMaps()[operand]).getValue();
    }
    unsigned getIterationRank() { return mapOf(0).getNumDims(); }
    /// From the index space to the result.
    ::mlir::AffineMap resultMap();
  }];
  let hasVerifier = 1;
}

def Tds_ReshapeOp : Tds_Op<"reshape", [Pure, LinearRules]> {
  let summary = "the same elements, row-major, in another shape";
  let description = [{
    The numbers of elements agree. Adjoint: the reshape back.

    ```mlir
    %0 = tds.reshape %x : tensor<4x8xf32> -> tensor<32xf32>
    ```
  }];
  let arguments = (ins Tensor:$x);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tds_BarrierOp : Tds_Op<"barrier", [Pure, SameOperandsAndResultType, LinearRules]> {
  let summary = "the same value, to be computed with again";
  let description = [{
    What is computed from it is not what is computed from x, or behind a barrier of another number: a reverse pass that computes a
    value again, so that it need not be kept, would find it kept otherwise. It costs nothing when it runs.

    ```mlir
    %0 = tds.barrier %x number 1 : tensor<4xf32>
    ```
  }];
  let arguments = (ins Tensor:$x, I64Attr:$number);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$x `number` $number attr-dict `:` type($x)";
}

//===----------------------------------------------------------------------===//
// Primitives: what the runtime computes, over the last dimensions; those before are a batch
//===----------------------------------------------------------------------===//

defvar HasRules = DeclareOpInterfaceMethods<Tds_Differentiable>;

def Tds_SortOp : Tds_Op<"sort", [Pure, HasRules]> {
  let summary = "the last dimension in order";
  let description = [{
    `values[.., i] = x[.., ids[.., i]]`, rising, of equals the first first, nan last; `descending`: falling, of equals the first
    first, nan first. The results have the first k of them, k at most the size of the dimension. Adjoint: dx[.., ids[.., i]] =
    dvalues[.., i], 0 elsewhere.

    ```mlir
    %values, %ids = tds.sort descending %x : tensor<4x8xf32> -> tensor<4x3xf32>, tensor<4x3xi32>
    ```
  }];
  let arguments = (ins Tensor:$x, UnitAttr:$descending);
  let results = (outs Tensor:$values, TensorOf<[I32]>:$ids);
  let assemblyFormat = "(`descending` $descending^)? $x attr-dict `:` type($x) `->` type($values) `,` type($ids)";
  let hasVerifier = 1;
}

def Tds_FftOp : Tds_Op<"fft", [Pure, LinearRules]> {
  let summary = "a Fourier transform of the last dimension";
  let description = [{
    fft: `y[.., k] = sum over j of x[.., j] * exp(-2 pi i j k / n)`; ifft: the inverse, with 1/n. rfft: the first n // 2 + 1 of a
    real x, whose others are their conjugates; irfft: the real n numbers that these come from, n the size of the result. Adjoints:
    fft and ifft are each other's, times n and 1/n; so are rfft and irfft, with each k that stands for two counted once or twice.

    ```mlir
    %0 = tds.fft rfft %x : tensor<4x8xf32> -> tensor<4x5xcomplex<f32>>
    ```
  }];
  let arguments = (ins Tds_FftKind:$kind, Tensor:$x);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$kind $x attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
}

defvar Matrices = TensorOf<[F32, F64, Complex<F32>, Complex<F64>]>;

def Tds_CholeskyOp : Tds_Op<"cholesky", [Pure, SameOperandsAndResultType, HasRules]> {
  let summary = "the lower triangular l of x = l @ l^H";
  let description = [{
    x is a symmetric (Hermitian) matrix, of which the lower triangle is read; so are its tangents and cotangents. Not positive
    definite is reported when run; `unchecked`: l is nan.

    ```mlir
    %0 = tds.cholesky %x : tensor<4x4xf32>
    ```
  }];
  let arguments = (ins Matrices:$x, UnitAttr:$unchecked);
  let results = (outs Matrices:$result);
  let assemblyFormat = "$x (`unchecked` $unchecked^)? attr-dict `:` type($x)";
  let hasVerifier = 1;
}

def Tds_TriangularSolveOp : Tds_Op<"triangular_solve", [Pure, HasRules]> {
  let summary = "the x of a @ x = b, a lower or upper triangular";
  let description = [{
    The other triangle of a is not read. A zero on its diagonal is reported when run; `unchecked`: x is nan. Adjoints:
    `db = solve(a^H, dx)`, `da = -db @ x^H`, its triangle.

    ```mlir
    %0 = tds.triangular_solve upper %a, %b : tensor<4x4xf32>, tensor<4x2xf32>
    ```
  }];
  let arguments = (ins Matrices:$a, Matrices:$b, UnitAttr:$upper, UnitAttr:$unchecked);
  let results = (outs Matrices:$result);
  let assemblyFormat = [{
    (`upper` $upper^)? $a `,` $b (`unchecked` $unchecked^)? attr-dict `:` type($a) `,` custom<SolveTypes>(type($b), type($result))
  }];
  let hasVerifier = 1;
}

def Tds_SolveOp : Tds_Op<"solve", [Pure, HasRules]> {
  let summary = "the x of a @ x = b";
  let description = [{
    By LU with partial pivoting. A pivot of zero is reported when run; `unchecked`: x is nan. Adjoints: `db = solve(a^H, dx)`,
    `da = -db @ x^H`.

    ```mlir
    %0 = tds.solve %a, %b : tensor<4x4xf32>, tensor<4x2xf32>
    ```
  }];
  let arguments = (ins Matrices:$a, Matrices:$b, UnitAttr:$unchecked);
  let results = (outs Matrices:$result);
  let assemblyFormat = [{
    $a `,` $b (`unchecked` $unchecked^)? attr-dict `:` type($a) `,` custom<SolveTypes>(type($b), type($result))
  }];
  let hasVerifier = 1;
}

def Tds_DetOp : Tds_Op<"det", [Pure, InferTypeOpAdaptor, HasRules]> {
  let summary = "the determinant";
  let description = [{
    Adjoint: `da = conj(y) * dy * inv(a)^H`, where a singular a is reported.

    ```mlir
    %0 = tds.det %a : tensor<7x4x4xf32>
    ```
  }];
  let arguments = (ins Matrices:$a);
  let results = (outs Matrices:$result);
  let assemblyFormat = "$a attr-dict `:` type($a)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Functions of the host
//===----------------------------------------------------------------------===//

def Tds_HostOp : Tds_Op<"host", [NoMemoryEffect]> {
  let summary = "a call of a function that the host has bound to a name";
  let description = [{
    The first `batch` dimensions of operands and results are a batch: the function is called once for each of its places, with the
    others. It is a function in the mathematical sense, so equal calls may become one; it may fail when run, so no call is moved to
    where none was. It has no derivative but that of a composite around it.

    ```mlir
    %0 = tds.host "hypot2" batch 1 (%x, %y) : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name, I64Attr:$batch, Variadic<Tensor>:$args);
  let results = (outs Variadic<Tensor>:$results);
  let assemblyFormat = "$name `batch` $batch `(` $args `)` attr-dict `:` functional-type($args, $results)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Random numbers
//===----------------------------------------------------------------------===//

def Tds_RandomBitsOp : Tds_Op<"random_bits", [Pure]> {
  let summary = "random words from keys";
  let description = [{
    The result has the key's dimensions and then others. Word i, counted row-major over those, is
    `philox4x32_10(counter = {lo32(i / 4), hi32(i / 4), 0, 0}, key)[i % 4]`.

    ```mlir
    %0 = tds.random_bits %k : tensor<ui64> -> tensor<4x8xi32>
    ```
  }];
  let arguments = (ins TensorOf<[UI64]>:$key);
  let results = (outs TensorOf<[I32]>:$result);
  let assemblyFormat = "$key attr-dict `:` type($key) `->` type($result)";
  let hasVerifier = 1;
}

def Tds_DeriveKeyOp : Tds_Op<"derive_key", [Pure, DeclareOpInterfaceMethods<Tds_Pointwise>,
                                            DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "a new key from a key and a number";
  let description = [{
    The first two words of `philox4x32_10(counter = {lo32(i), hi32(i), domain, 0}, key)`, as `lo | hi << 32`.

    ```mlir
    %0 = tds.derive_key %k, %i domain 1 : tensor<4xui64>, tensor<4xi64>
    ```
  }];
  let arguments = (ins TensorOf<[UI64]>:$key, TensorOf<[I64]>:$i, I32Attr:$domain);
  let results = (outs TensorOf<[UI64]>:$result);
  let assemblyFormat = "$key `,` $i `domain` custom<Word>($domain) attr-dict `:` type($key) `,` type($i)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

//===----------------------------------------------------------------------===//
// Ops with bodies; bodies may use values from outside
//===----------------------------------------------------------------------===//

def Tds_YieldOp : Tds_Op<"yield", [Pure, Terminator, ParentOneOf<["WhereOp", "CompositeOp", "VjpOp", "JvpOp"]>]> {
  let summary = "the results of a body";
  let arguments = (ins Variadic<Tensor>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins)>];
}

class Tds_BodyOp<string name, list<Trait> traits = []>
    : Tds_Op<name, !listconcat([Pure, SingleBlockImplicitTerminator<"YieldOp">], traits)>;

def Tds_WhereOp : Tds_BodyOp<"where", [NoRegionArguments]> {
  let summary = "a branch, of all or of each element";
  let description = [{
    `y = c ? then : else`. With c of rank 0 one side runs. Else all yields have c's shape, and an element takes the side of its
    c: what the other side would compute there adds nothing to values or derivatives and checks nothing.

    ```mlir
    %0 = tds.where %c : tensor<4xi1> -> tensor<4xf32> { tds.yield %x : tensor<4xf32> } else { tds.yield %y : tensor<4xf32> }
    ```
  }];
  let arguments = (ins TensorOf<[I1]>:$cond);
  let results = (outs Variadic<Tensor>:$results);
  let regions = (region SizedRegion<1>:$thenRegion, SizedRegion<1>:$elseRegion);
  let assemblyFormat = [{
    $cond attr-dict `:` type($cond) `->` type($results) $thenRegion `else` $elseRegion
  }];
  let extraClassDeclaration = [{
    YieldOp thenYield();
    YieldOp elseYield();
  }];
  let hasRegionVerifier = 1;
}

def Tds_CompositeOp : Tds_BodyOp<"composite"> {
  let summary = "a call with its body";
  let description = [{
    The results are what the body yields for the arguments. A kernel library may claim the name; else the body is inlined. The
    second body, where there is one, takes the arguments and the cotangents of the results, and yields a cotangent for each
    floating or complex argument: a derivative of one's own.

    ```mlir
    %0 = tds.composite "nn.silu"(%x) : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%a: tensor<4xf32>):
      %s = tds.sigmoid %a : tensor<4xf32>
      %m = tds.mul %a, %s : tensor<4xf32>
      tds.yield %m : tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, Variadic<Tensor>:$args);
  let results = (outs Variadic<Tensor>:$results);
  let regions = (region SizedRegion<1>:$body, MaxSizedRegion<1>:$rule);
  let assemblyFormat = [{
    $name `(` $args `)` attr-dict `:` (`(` type($args)^ `)` `->`)? type($results) $body (`vjp` $rule^)?
  }];
  let extraClassDeclaration = [{
    YieldOp bodyYield();
    bool hasRule() { return !getRule().empty(); }
  }];
  let hasRegionVerifier = 1;
}

def Tds_VjpOp : Tds_BodyOp<"vjp", [AttrSizedOperandSegments]> {
  let summary = "a request for a reverse derivative";
  let description = [{
    The body is a function of its arguments at `wrt`. The results are its yields, then for each argument
    `sum_k dy_k^T (d yield_k / d argument)` over the first yields, one a cotangent. The other yields are passed on.

    ```mlir
    %l, %g = tds.vjp wrt(%p : tensor<4xf32>) cotangent(%one : tensor<f32>) -> tensor<f32>, tensor<4xf32> {
    ^bb0(%q: tensor<4xf32>):
      %m = tds.mul %q, %q : tensor<4xf32>
      %s = tds.reduce sum %m over [0] : tensor<4xf32>
      tds.yield %s : tensor<f32>
    }
    ```
  }];
  let arguments = (ins Variadic<Tensor>:$wrt, Variadic<Tensor>:$cotangents);
  let results = (outs Variadic<Tensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `wrt` `(` ($wrt^ `:` type($wrt))? `)` `cotangent` `(` ($cotangents^ `:` type($cotangents))? `)` attr-dict `->`
    type($results) $body
  }];
  let extraClassDeclaration = [{
    YieldOp bodyYield();
  }];
  let hasRegionVerifier = 1;
}

def Tds_JvpOp : Tds_BodyOp<"jvp", [AttrSizedOperandSegments]> {
  let summary = "a request for a forward derivative";
  let description = [{
    The body is a function of its arguments at `wrt`. The results are its yields, then for each its
    derivative along the tangents (of integers and bools zeros).

    ```mlir
    %y, %dy = tds.jvp wrt(%x : tensor<4xf32>) tangents(%v : tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32> {
    ^bb0(%a: tensor<4xf32>):
      %s = tds.sin %a : tensor<4xf32>
      tds.yield %s : tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<Tensor>:$wrt, Variadic<Tensor>:$tangents);
  let results = (outs Variadic<Tensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `wrt` `(` ($wrt^ `:` type($wrt))? `)` `tangents` `(` ($tangents^ `:` type($tangents))? `)` attr-dict `->`
    type($results) $body
  }];
  let extraClassDeclaration = [{
    YieldOp bodyYield();
  }];
  let hasRegionVerifier = 1;
}

#endif
