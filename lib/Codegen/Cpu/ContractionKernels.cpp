//===- ContractionKernels.cpp - inner functions of contractions -----------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Cpu/ContractionKernels.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace tds {

//===- Emitter ------------------------------------------------------------===//

Value Emitter::index(int64_t value) {
  Value &constant = indices[value];
  if (!constant) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(top);
    constant = arith::ConstantIndexOp::create(builder, loc, value);
  }
  return constant;
}

Value Emitter::add(Value a, Value b) { return builder.createOrFold<arith::AddIOp>(loc, a, b); }
Value Emitter::mul(Value a, Value b) { return builder.createOrFold<arith::MulIOp>(loc, a, b); }
Value Emitter::sub(Value a, Value b) { return builder.createOrFold<arith::SubIOp>(loc, a, b); }
Value Emitter::min(Value a, Value b) { return builder.createOrFold<arith::MinUIOp>(loc, a, b); }
Value Emitter::div(Value a, Value b) { return builder.createOrFold<arith::DivUIOp>(loc, a, b); }
Value Emitter::rem(Value a, Value b) { return builder.createOrFold<arith::RemUIOp>(loc, a, b); }
Value Emitter::ceilDiv(Value a, int64_t b) { return div(add(a, index(b - 1)), index(b)); }
Value Emitter::less(Value a, Value b) {
  return builder.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::ult, a, b);
}
Value Emitter::equal(Value a, Value b) {
  return builder.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, a, b);
}

Value Emitter::at(Value pointer, Value elements, Type element) {
  Value offset = builder.createOrFold<arith::IndexCastOp>(loc, builder.getI64Type(), elements);
  return LLVM::GEPOp::create(builder, loc, pointer.getType(), element, pointer, ArrayRef<LLVM::GEPArg>{offset});
}

Value Emitter::at(Value pointer, int64_t elements, Type element) {
  return elements == 0 ? pointer : at(pointer, index(elements), element);
}

static unsigned alignmentOf(Type type) { return getElementTypeOrSelf(type).getIntOrFloatBitWidth() / 8; }

Value Emitter::load(Type type, Value pointer) {
  return LLVM::LoadOp::create(builder, loc, type, pointer, alignmentOf(type));
}

void Emitter::store(Value value, Value pointer) {
  LLVM::StoreOp::create(builder, loc, value, pointer, alignmentOf(value.getType()));
}

Value Emitter::maskedLoad(VectorType type, Value pointer, Value mask) {
  Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
  return LLVM::MaskedLoadOp::create(builder, loc, type, pointer, mask, zero,
                                    builder.getI32IntegerAttr(alignmentOf(type)), /*nontemporal=*/nullptr);
}

void Emitter::maskedStore(Value value, Value pointer, Value mask) {
  LLVM::MaskedStoreOp::create(builder, loc, value, pointer, mask,
                              builder.getI32IntegerAttr(alignmentOf(value.getType())));
}

Value Emitter::mask(Value count, int64_t lanes) {
  auto type = VectorType::get(lanes, builder.getI32Type());
  auto steps = llvm::to_vector(llvm::seq<int32_t>(0, lanes));
  Value lane = arith::ConstantOp::create(builder, loc, DenseIntElementsAttr::get(type, ArrayRef<int32_t>(steps)));
  Value narrow = builder.createOrFold<arith::IndexCastOp>(loc, builder.getI32Type(), count);
  Value bound = vector::BroadcastOp::create(builder, loc, type, narrow);
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, lane, bound);
}

Value Emitter::widen(Value value, Type element) {
  if (getElementTypeOrSelf(value.getType()) == element)
    return value;
  Type type = element;
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    type = VectorType::get(vector.getShape(), element);
  return arith::ExtFOp::create(builder, loc, type, value);
}

void Emitter::loop(Value begin, Value end, Value step, Body body) {
  scf::ForOp::create(builder, loc, begin, end, step, ValueRange(), [&](OpBuilder &, Location, Value i, ValueRange) {
    body(i);
    scf::YieldOp::create(builder, loc);
  });
}

SmallVector<Value> Emitter::loop(Value end, ValueRange carry,
                                 function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(builder, loc, index(0), end, index(1), carry,
                                 [&](OpBuilder &, Location, Value i, ValueRange values) {
                                   SmallVector<Value> next = body(i, values);
                                   scf::YieldOp::create(builder, loc, next);
                                 });
  return SmallVector<Value>(loop.getResults());
}

void Emitter::branch(Value condition, function_ref<void()> then, function_ref<void()> otherwise) {
  if (auto constant = condition.getDefiningOp<arith::ConstantOp>())
    return cast<IntegerAttr>(constant.getValue()).getValue().isOne() ? then() : otherwise();
  auto arm = [&](function_ref<void()> body) {
    return [&, body](OpBuilder &, Location) {
      body();
      scf::YieldOp::create(builder, loc);
    };
  };
  scf::IfOp::create(builder, loc, condition, arm(then), arm(otherwise));
}

//===- Functions ----------------------------------------------------------===//

func::FuncOp ContractionKernels::get(const std::string &name, ArrayRef<Type> arguments, Fill fill) {
  if (auto known = module.lookupSymbol<func::FuncOp>(name))
    return known;
  auto builder = OpBuilder::atBlockEnd(module.getBody());
  Location loc = builder.getUnknownLoc();
  auto function = func::FuncOp::create(builder, loc, name, builder.getFunctionType(arguments, {}));
  function.setPrivate();
  function.setNoInline(true);
  function->setAttr("llvm.linkage", LLVM::LinkageAttr::get(builder.getContext(), LLVM::Linkage::Internal));
  Block *block = function.addEntryBlock();
  builder.setInsertionPointToStart(block);
  Emitter emit(builder, loc);
  fill(emit, block->getArguments());
  func::ReturnOp::create(builder, loc);
  for (auto [i, type] : llvm::enumerate(arguments))
    if (isa<LLVM::LLVMPointerType>(type))
      function.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
  return function;
}

static std::string spell(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

/// c (+)= value, where `accumulate` is known at run time.
static void update(Emitter &emit, Value c, Value value, Value accumulate, Value mask = {}) {
  auto put = [&](Value result) { mask ? emit.maskedStore(result, c, mask) : emit.store(result, c); };
  emit.branch(
      accumulate,
      [&] {
        Type type = value.getType();
        Value old = mask ? emit.maskedLoad(cast<VectorType>(type), c, mask) : emit.load(type, c);
        put(arith::AddFOp::create(emit.builder, emit.loc, old, value));
      },
      [&] { put(value); });
}

// for p < k:  for r < rows, v < vectors:  c[r, v] += broadcast a[r, p] * b[p, v]
//
// 14 x 2 registers of 512 bits (6 x 2 of 256) leave room for a row of b and a broadcast: 28 (12) sums hide the latency
// of their additions, and a round loads 16 (8) times for 28 (12) multiply-adds.
func::FuncOp ContractionKernels::get(const MicroKernel &kernel) {
  MLIRContext *context = module.getContext();
  Type element = kernel.element, pointer = LLVM::LLVMPointerType::get(context), indexType = IndexType::get(context);
  int64_t lanes = this->lanes(element), width = kernel.vectors * lanes;
  auto vector = VectorType::get(lanes, element);
  std::string name =
      formatv("tds.micro_{0}_{1}_{2}_{3}x{4}{5}{6}{7}{8}_{9}_{10}_{11}", spell(element), spell(kernel.lhs),
              spell(kernel.rhs), kernel.rows, width, kernel.partial ? "p" : "", kernel.masked ? "m" : "",
              kernel.scattered ? "s" : "", kernel.fresh ? "f" : "", kernel.lhsRow, kernel.lhsK, kernel.rhsK);
  SmallVector<Type> arguments{indexType, pointer, pointer, pointer, indexType, indexType, IntegerType::get(context, 1),
                              indexType};
  return get(name, arguments, [&](Emitter &emit, ValueRange args) {
    OpBuilder &builder = emit.builder;
    Location loc = emit.loc;
    Value k = args[0], c = args[3], rowStride = args[4], columnStride = args[5], accumulate = args[6], count = args[7];
    Value tile; // where lanes are taken apart to be scattered
    if (kernel.scattered) {
      Value size = LLVM::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(kernel.rows * width));
      tile = LLVM::AllocaOp::create(builder, loc, pointer, element, size, 64);
    }
    Value mask;
    if (kernel.fresh)
      accumulate = arith::ConstantIntOp::create(builder, loc, 0, 1);
    if (kernel.partial)
      mask = emit.mask(emit.sub(count, emit.index((kernel.vectors - 1) * lanes)), lanes);
    auto isPartial = [&](int64_t v) { return kernel.partial && v == kernel.vectors - 1; };

    int64_t sums = kernel.rows * kernel.vectors;
    Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(vector));
    SmallVector<Value> carry(sums, zero);
    carry.push_back(args[1]);
    carry.push_back(args[2]);
    carry = emit.loop(k, carry, [&](Value, ValueRange values) {
      SmallVector<Value> next(values);
      Value a = values[sums], b = values[sums + 1];
      SmallVector<Value> row;
      auto stored = VectorType::get(lanes, kernel.rhs);
      for (int64_t v = 0; v < kernel.vectors; ++v) {
        Value from = emit.at(b, v * lanes, kernel.rhs);
        Value x = kernel.masked && isPartial(v) ? emit.maskedLoad(stored, from, mask) : emit.load(stored, from);
        row.push_back(emit.widen(x, element));
      }
      for (int64_t r = 0; r < kernel.rows; ++r) {
        Value x = emit.widen(emit.load(kernel.lhs, emit.at(a, r * kernel.lhsRow, kernel.lhs)), element);
        Value factor = vector::BroadcastOp::create(builder, loc, vector, x);
        for (int64_t v = 0; v < kernel.vectors; ++v) {
          Value &sum = next[r * kernel.vectors + v];
          sum = vector::FMAOp::create(builder, loc, factor, row[v], sum);
        }
      }
      next[sums] = emit.at(a, kernel.lhsK, kernel.lhs);
      next[sums + 1] = emit.at(b, kernel.rhsK, kernel.rhs);
      return next;
    });

    if (kernel.scattered) {
      for (int64_t i = 0; i < sums; ++i)
        emit.store(carry[i], emit.at(tile, i * lanes, element));
      emit.loop(emit.index(kernel.rows), [&](Value r) {
        emit.loop(count, [&](Value j) {
          Value x = emit.load(element, emit.at(tile, emit.add(emit.mul(r, width), j), element));
          Value to = emit.at(c, emit.add(emit.mul(r, rowStride), emit.mul(j, columnStride)), element);
          update(emit, to, x, accumulate);
        });
      });
      return;
    }
    auto write = [&](bool add) {
      for (int64_t r = 0; r < kernel.rows; ++r)
        for (int64_t v = 0; v < kernel.vectors; ++v) {
          Value to = emit.at(emit.at(c, emit.mul(rowStride, r), element), v * lanes, element);
          Value condition = arith::ConstantIntOp::create(builder, loc, add, 1);
          update(emit, to, carry[r * kernel.vectors + v], condition, isPartial(v) ? mask : Value());
        }
    };
    emit.branch(accumulate, [&] { write(true); }, [&] { write(false); });
  });
}

// for p < k by lanes:  for r < rows, j < columns:  sum[r, j] += a[r, p..] * b[j, p..];  the lanes of a sum added at the
// end
func::FuncOp ContractionKernels::get(const DotKernel &kernel) {
  MLIRContext *context = module.getContext();
  Type element = kernel.element, pointer = LLVM::LLVMPointerType::get(context), indexType = IndexType::get(context);
  int64_t lanes = this->lanes(element);
  auto vector = VectorType::get(lanes, element);
  std::string name = formatv("tds.dot_{0}_{1}_{2}_{3}x{4}_{5}_{6}", spell(element), spell(kernel.lhs),
                             spell(kernel.rhs), kernel.rows, kernel.columns, kernel.lhsRow, kernel.rhsRow);
  SmallVector<Type> arguments{indexType, pointer, pointer, pointer, indexType, indexType, IntegerType::get(context, 1)};
  return get(name, arguments, [&](Emitter &emit, ValueRange args) {
    OpBuilder &builder = emit.builder;
    Location loc = emit.loc;
    // A single sum waits for itself: the rows of a lone pair are cut in four.
    int64_t cells = kernel.rows * kernel.columns, unroll = cells >= 4 ? 1 : 4 / cells, step = unroll * lanes;
    auto round = [&](Value p, ValueRange sums, Value mask) {
      SmallVector<Value> next(sums);
      auto read = [&](Value base, int64_t row, int64_t stride, int64_t part, Type stored) {
        auto type = VectorType::get(lanes, stored);
        Value from = emit.at(emit.at(base, row * stride + part * lanes, stored), p, stored);
        return emit.widen(mask ? emit.maskedLoad(type, from, mask) : emit.load(type, from), element);
      };
      for (int64_t part = 0; part < (mask ? 1 : unroll); ++part) {
        SmallVector<Value> column;
        for (int64_t j = 0; j < kernel.columns; ++j)
          column.push_back(read(args[2], j, kernel.rhsRow, part, kernel.rhs));
        for (int64_t r = 0; r < kernel.rows; ++r) {
          Value x = read(args[1], r, kernel.lhsRow, part, kernel.lhs);
          for (int64_t j = 0; j < kernel.columns; ++j) {
            Value &sum = next[part * cells + r * kernel.columns + j];
            sum = vector::FMAOp::create(builder, loc, x, column[j], sum);
          }
        }
      }
      return next;
    };
    Value k = args[0], zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(vector));
    SmallVector<Value> sums(cells * unroll, zero);
    Value rounds = emit.div(k, emit.index(step));
    sums = emit.loop(rounds, sums, [&](Value i, ValueRange values) { return round(emit.mul(i, step), values, {}); });
    // What is left of k, a vector at a time, the last one masked.
    Value begin = emit.mul(rounds, step), left = emit.ceilDiv(emit.sub(k, begin), lanes);
    sums = emit.loop(left, sums, [&](Value i, ValueRange values) {
      Value p = emit.add(begin, emit.mul(i, lanes));
      return round(p, values, emit.mask(emit.sub(k, p), lanes));
    });
    for (int64_t r = 0; r < kernel.rows; ++r)
      for (int64_t j = 0; j < kernel.columns; ++j) {
        int64_t cell = r * kernel.columns + j;
        Value sum = sums[cell];
        for (int64_t part = 1; part < unroll; ++part)
          sum = arith::AddFOp::create(builder, loc, sum, sums[part * cells + cell]);
        // Halves upon halves: a sequence of additions would wait sixteen times.
        for (int64_t half = lanes / 2; half >= 1; half /= 2) {
          auto low = llvm::to_vector(llvm::seq<int64_t>(0, half)), high = llvm::to_vector(llvm::seq(half, 2 * half));
          Value x = vector::ShuffleOp::create(builder, loc, sum, sum, low);
          Value y = vector::ShuffleOp::create(builder, loc, sum, sum, high);
          sum = arith::AddFOp::create(builder, loc, x, y);
        }
        Value total = vector::ExtractOp::create(builder, loc, sum, ArrayRef<int64_t>{0});
        Value to = emit.at(args[3], emit.add(emit.mul(args[4], r), emit.mul(args[5], j)), element);
        update(emit, to, total, args[6]);
      }
  });
}

//===- Packing ------------------------------------------------------------===//

/// A square of vectors, transposed: within 128 bits by interleaving neighbours, then the 128-bit parts among each
/// other.
static SmallVector<Value> transpose(Emitter &emit, SmallVector<Value> rows) {
  int64_t lanes = rows.size(), bits = cast<VectorType>(rows[0].getType()).getElementTypeBitWidth();
  int64_t cell = 128 / bits, cells = lanes / cell;
  auto shuffle = [&](Value a, Value b, function_ref<int64_t(int64_t)> source) {
    SmallVector<int64_t> mask;
    for (int64_t i = 0; i < lanes; ++i)
      mask.push_back(source(i));
    return Value(vector::ShuffleOp::create(emit.builder, emit.loc, a, b, mask));
  };
  // Lanes of one or two elements, the low or high ones of each 128 bits, taken by turns from a and b.
  auto interleave = [&](Value a, Value b, int64_t unit, bool high) {
    return shuffle(a, b, [=](int64_t i) {
      int64_t base = i / cell * cell, within = i % cell, pair = within / (2 * unit), side = within / unit % 2;
      return side * lanes + base + (high ? cell / 2 : 0) + pair * unit + within % unit;
    });
  };
  SmallVector<Value> next(lanes);
  for (int64_t i = 0; i < lanes; i += 2) {
    next[i] = interleave(rows[i], rows[i + 1], 1, false);
    next[i + 1] = interleave(rows[i], rows[i + 1], 1, true);
  }
  rows = next;
  if (cell == 4) {
    for (int64_t i = 0; i < lanes; i += 4)
      for (int64_t h = 0; h < 2; ++h) {
        next[i + 2 * h] = interleave(rows[i + h], rows[i + h + 2], 2, false);
        next[i + 2 * h + 1] = interleave(rows[i + h], rows[i + h + 2], 2, true);
      }
    rows = next;
  }
  // Now part q of rows[cell * g + c] is column cell * q + c of rows cell * g and up: transpose parts q and g.
  auto parts = [&](Value a, Value b, std::array<int64_t, 4> from) { // parts 0..cells-1 are a's, then b's
    return shuffle(a, b, [=](int64_t i) {
      int64_t part = from[i / cell];
      return part * cell + i % cell;
    });
  };
  for (int64_t c = 0; c < cell; ++c) {
    auto row = [&](int64_t g) { return rows[cell * g + c]; };
    auto out = [&](int64_t q) -> Value & { return next[cell * q + c]; };
    if (cells == 1) {
      out(0) = row(0);
    } else if (cells == 2) {
      out(0) = parts(row(0), row(1), {0, 2});
      out(1) = parts(row(0), row(1), {1, 3});
    } else {
      Value x0 = parts(row(0), row(1), {0, 2, 4, 6}), x1 = parts(row(0), row(1), {1, 3, 5, 7});
      Value y0 = parts(row(2), row(3), {0, 2, 4, 6}), y1 = parts(row(2), row(3), {1, 3, 5, 7});
      out(0) = parts(x0, y0, {0, 2, 4, 6});
      out(1) = parts(x1, y1, {0, 2, 4, 6});
      out(2) = parts(x0, y0, {1, 3, 5, 7});
      out(3) = parts(x1, y1, {1, 3, 5, 7});
    }
  }
  return next;
}

// for p1 < k1, p0 < k0:  panel[p1, p0, i] = source[i, p1, p0]
func::FuncOp ContractionKernels::get(const PackKernel &kernel) {
  MLIRContext *context = module.getContext();
  Type element = kernel.element, pointer = LLVM::LLVMPointerType::get(context), indexType = IndexType::get(context);
  int64_t width = kernel.width, lanes = std::min(this->lanes(element), width);
  // Squares of 256 bits are transposed at three quarters of the speed of 512, and compiled in a third of the time.
  if (kernel.order == PackKernel::alongK)
    lanes = std::min<int64_t>(lanes, 256 / element.getIntOrFloatBitWidth());
  constexpr const char *orders[] = {"rows", "transposed", "scattered"};
  std::string name = formatv("tds.pack_{0}_{1}_{2}_{3}{4}{5}", spell(element), spell(kernel.source), width,
                             orders[kernel.order], kernel.full ? "_full" : "", kernel.shortK ? "_short" : "");
  SmallVector<Type> arguments{pointer, pointer, indexType, indexType, indexType, indexType, indexType, indexType};
  return get(name, arguments, [&](Emitter &emit, ValueRange args) {
    Value count = args[2], stride = args[3], k0 = args[4], k0Stride = args[5], k1 = args[6], k1Stride = args[7];
    auto stored = VectorType::get(lanes, kernel.source);

    auto copyRows = [&](Value source, Value panel) {
      SmallVector<Value> masks;
      for (int64_t v = 0; v < width; v += lanes)
        masks.push_back(!kernel.full ? emit.mask(emit.sub(count, emit.index(v)), lanes) : Value());
      emit.loop(k0, [&](Value p) {
        Value from = emit.at(source, emit.mul(p, k0Stride), kernel.source),
              to = emit.at(panel, emit.mul(p, width), element);
        for (int64_t v = 0; v < width; v += lanes) {
          Value place = emit.at(from, v, kernel.source);
          Value x = kernel.full ? emit.load(stored, place) : emit.maskedLoad(stored, place, masks[v / lanes]);
          emit.store(emit.widen(x, element), emit.at(to, v, element));
        }
      });
    };
    auto copyElements = [&](Value source, Value panel) {
      emit.loop(k0, [&](Value p) {
        Value from = emit.at(source, emit.mul(p, k0Stride), kernel.source),
              to = emit.at(panel, emit.mul(p, width), element);
        emit.loop(count, [&](Value i) {
          Value x = emit.load(kernel.source, emit.at(from, emit.mul(i, stride), kernel.source));
          emit.store(emit.widen(x, element), emit.at(to, i, element));
        });
      });
    };
    auto copyTransposed = [&](Value source, Value panel) {
      Value last = emit.sub(count, emit.index(1));
      Value squares = emit.ceilDiv(k0, lanes), corner = emit.sub(k0, emit.index(lanes));
      emit.loop(emit.index(width / lanes), [&](Value group) {
        Value first = emit.mul(group, lanes);
        SmallVector<Value> from; // rows beyond the count are the last one again: no more is read than is there
        for (int64_t i = 0; i < lanes; ++i) {
          Value row = emit.add(first, emit.index(i));
          row = kernel.full ? row : emit.min(row, last);
          from.push_back(emit.at(source, emit.mul(row, stride), kernel.source));
        }
        emit.loop(squares, [&](Value s) {
          // The last square lies over the one before where k0 is not a multiple: both write the same.
          Value p = emit.min(emit.mul(s, lanes), corner);
          Value to = emit.at(panel, emit.add(emit.mul(p, width), first), element);
          SmallVector<Value> rows;
          for (Value row : from)
            rows.push_back(emit.widen(emit.load(stored, emit.at(row, p, kernel.source)), element));
          for (auto [i, row] : llvm::enumerate(transpose(emit, rows)))
            emit.store(row, emit.at(to, int64_t(i) * width, element));
        });
      });
    };

    emit.loop(k1, [&](Value p1) {
      Value source = emit.at(args[0], emit.mul(p1, k1Stride), kernel.source);
      Value panel = emit.at(args[1], emit.mul(emit.mul(p1, k0), width), element);
      switch (kernel.order) {
      case PackKernel::alongWidth:
        return copyRows(source, panel);
      case PackKernel::alongK:
        if (!kernel.shortK)
          return copyTransposed(source, panel);
        return emit.branch(
            emit.less(k0, emit.index(lanes)), [&] { copyElements(source, panel); },
            [&] { copyTransposed(source, panel); });
      case PackKernel::scattered:
        return copyElements(source, panel);
      }
    });
  });
}

} // namespace tds
