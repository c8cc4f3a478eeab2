//===- LoopsTest.cpp - vector loops against upstream's scalar ones --------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "test/Unit/Codegen/Compile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>
#include <random>

using namespace tds;

namespace {

using Shape = std::vector<int64_t>;

size_t elements(const Shape &shape) {
  size_t count = 1;
  for (int64_t size : shape)
    count *= size_t(size);
  return count;
}

std::string tensor(const Shape &shape, llvm::StringRef element) {
  std::string text = "tensor<";
  for (int64_t size : shape)
    text += std::to_string(size) + "x";
  return text + element.str() + ">";
}

/// One linalg.generic. The body names its operands %x0, %x1, ... and the former results %y0, ...
struct Generic {
  std::string dims;                                           // "i, j"
  std::string iterators;                                      // "pr": a parallel one, then a reduction
  std::vector<std::pair<std::string, Shape>> inputs, outputs; // maps' results, shapes
  std::string body;
  std::string yields; // "%a, %b"
  std::string element = "f32";
  std::string start = "0.0"; // of the results

  std::string text() const;
};

std::string Generic::text() const {
  std::vector<std::string> arguments, results, maps, ins, inTypes, outs, scalars, kinds, values, scalarTypes;
  std::string fills;
  for (auto [i, input] : llvm::enumerate(inputs)) {
    std::string type = tensor(input.second, element);
    arguments.push_back(llvm::formatv("%a{0}: {1}", i, type));
    maps.push_back(llvm::formatv("affine_map<({0}) -> ({1})>", dims, input.first));
    ins.push_back(llvm::formatv("%a{0}", i));
    inTypes.push_back(type);
    scalars.push_back(llvm::formatv("%x{0}: {1}", i, element));
  }
  for (auto [i, output] : llvm::enumerate(outputs)) {
    std::string type = tensor(output.second, element);
    results.push_back(type);
    maps.push_back(llvm::formatv("affine_map<({0}) -> ({1})>", dims, output.first));
    fills += llvm::formatv(
        "  %e{0} = tensor.empty() : {1}\n  %f{0} = linalg.fill ins(%start : {2}) outs(%e{0} : {1}) -> {1}\n", i, type,
        element);
    outs.push_back(llvm::formatv("%f{0}", i));
    scalars.push_back(llvm::formatv("%y{0}: {1}", i, element));
    values.push_back(llvm::formatv("%r#{0}", i));
    scalarTypes.push_back(element);
  }
  for (char kind : iterators)
    kinds.push_back(kind == 'p' ? "\"parallel\"" : "\"reduction\"");
  auto list = [](const std::vector<std::string> &parts) { return llvm::join(parts, ", "); };
  return llvm::formatv(R"(
func.func @entry({0}) -> ({1}) {{
  %start = arith.constant {2} : {3}
{4}  %r:{5} = linalg.generic {{indexing_maps = [{6}], iterator_types = [{7}]} ins({8} : {9}) outs({10} : {1}) {{
  ^bb0({11}):
    {12}
    linalg.yield {13} : {14}
  } -> ({1})
  return {15} : {1}
}
)",
                       list(arguments), list(results), start, element, fills, outputs.size(), list(maps), list(kinds),
                       list(ins), list(inTypes), list(outs), list(scalars), body, yields, list(scalarTypes),
                       list(values));
}

template <class T> std::vector<std::vector<T>> inputsFor(const Generic &generic) {
  std::mt19937 random(7);
  std::vector<std::vector<T>> arguments;
  for (const auto &[map, shape] : generic.inputs) {
    std::vector<T> values(elements(shape));
    for (T &value : values)
      value = std::is_integral_v<T> ? T(int(random() % 41) - 20) : T(random() % 2001) / 1000 - 1;
    arguments.push_back(std::move(values));
  }
  return arguments;
}

/// Loops and vectors of several widths against plain loops; with threads, the same bits as without.
template <class T> void check(const Generic &generic, double tolerance) {
  SCOPED_TRACE(generic.text());
  std::vector<size_t> sizes;
  for (const auto &[map, shape] : generic.outputs)
    sizes.push_back(elements(shape));
  auto arguments = inputsFor<T>(generic);
  CodegenOptions plain = CodegenOptions::host();
  plain.emitKernels = false;
  auto expected = test::Compiled(generic.text(), plain).operator()<T, T>(arguments, sizes);

  for (unsigned bits : {128u, CodegenOptions::host().vectorBits}) {
    CodegenOptions options = CodegenOptions::host();
    options.vectorBits = bits;
    test::Compiled compiled(generic.text(), options);
    auto results = compiled.operator()<T, T>(arguments, sizes);
    ASSERT_EQ(results.size(), expected.size());
    for (size_t r = 0; r < results.size(); ++r)
      for (size_t i = 0; i < sizes[r]; ++i)
        ASSERT_NEAR(double(results[r][i]), double(expected[r][i]),
                    tolerance * std::max(1.0, std::fabs(double(expected[r][i]))))
            << bits << " bits, result " << r << ", element " << i;
    for (int64_t workers : {1, 3}) {
      tds_pool *pool = tds_pool_create(workers);
      auto again = compiled.operator()<T, T>(arguments, sizes, pool);
      tds_pool_destroy(pool);
      ASSERT_TRUE(again == results) << workers << " workers";
    }
  }
}

const char *const poly = "%p = arith.mulf %x0, %x0 : f32\n %q = arith.addf %p, %x1 : f32";

TEST(Loops, PointwiseOfAllLengths) {
  for (int64_t n : {0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 100, 1000})
    check<float>({"i", "p", {{"i", {n}}, {"i", {n}}}, {{"i", {n}}}, poly, "%q"}, 0);
}

TEST(Loops, BroadcastsAreReadOnce) {
  check<float>({"i, j", "pp", {{"i, j", {37, 10}}, {"i", {37}}}, {{"i, j", {37, 10}}}, poly, "%q"}, 1e-6);
  check<float>({"i, j", "pp", {{"i, j", {37, 100}}, {"j", {100}}}, {{"i, j", {37, 100}}}, poly, "%q"}, 1e-6);
  check<float>({"i, j", "pp", {{"i, j", {37, 21}}, {"", {}}}, {{"i, j", {37, 21}}}, poly, "%q"}, 1e-6);
}

TEST(Loops, TransposedOperands) {
  check<float>({"i, j", "pp", {{"j, i", {65, 40}}, {"i, j", {40, 65}}}, {{"i, j", {40, 65}}}, poly, "%q"}, 1e-6);
  check<float>({"i, j, k", "ppp", {{"k, j, i", {5, 6, 7}}, {"j", {6}}}, {{"i, j, k", {7, 6, 5}}}, poly, "%q"}, 1e-6);
}

TEST(Loops, SumsOfRowsColumnsAndAll) {
  const char *add = "%s = arith.addf %y0, %x0 : f32";
  for (int64_t n : {1, 3, 16, 20, 64, 100, 129}) {
    check<float>({"i, j", "pr", {{"i, j", {9, n}}}, {{"i", {9}}}, add, "%s"}, 1e-5);
    check<float>({"i, j", "rp", {{"i, j", {9, n}}}, {{"j", {n}}}, add, "%s"}, 1e-5);
    check<float>({"i, j", "rr", {{"i, j", {9, n}}}, {{"", {}}}, add, "%s"}, 1e-5);
    check<float>({"i, j", "rp", {{"j, i", {n, 9}}}, {{"j", {n}}}, add, "%s"}, 1e-5);
  }
  check<float>({"i, j, k", "prr", {{"i, k, j", {4, 11, 6}}}, {{"i", {4}}}, add, "%s"}, 1e-5);
  check<float>({"i, j, k", "rpr", {{"i, j, k", {4, 11, 6}}}, {{"j", {11}}}, add, "%s"}, 1e-5);
}

TEST(Loops, EveryCombiner) {
  for (auto [op, start] : {std::pair{"addf", "0.5"},
                           {"mulf", "1.0"},
                           {"maximumf", "-0.1"},
                           {"minimumf", "0.1"},
                           {"maxnumf", "-0.1"},
                           {"minnumf", "0.1"}}) {
    Generic generic{"i, j", "pr", {{"i, j", {5, 53}}}, {{"i", {5}}}, llvm::formatv("%s = arith.{0} %x0, %y0 : f32", op),
                    "%s"};
    generic.start = start;
    check<float>(generic, 1e-5);
  }
  for (const char *op : {"addi", "muli", "maxsi", "minsi", "maxui", "minui", "andi", "ori"}) {
    Generic generic{"i, j", "pr", {{"i, j", {5, 53}}}, {{"i", {5}}}, llvm::formatv("%s = arith.{0} %x0, %y0 : i32", op),
                    "%s"};
    generic.element = "i32";
    generic.start = "5";
    check<int32_t>(generic, 0);
  }
}

TEST(Loops, NanIsGreatestForMaximum) {
  Generic generic{"i, j", "pr", {{"i, j", {3, 40}}}, {{"i", {3}}}, "%s = arith.maximumf %x0, %y0 : f32", "%s"};
  generic.start = "0xFF800000";
  std::vector<float> x(120, -2.0f);
  x[50] = NAN;
  auto y = test::Compiled(generic.text())({x}, {3});
  EXPECT_EQ(y[0][0], -2.0f);
  EXPECT_TRUE(std::isnan(y[0][1]));
  EXPECT_EQ(y[0][2], -2.0f);
}

TEST(Loops, SumAndElementsInOneOp) {
  check<float>({"i, j",
                "pr",
                {{"i, j", {10, 53}}, {"i", {10}}},
                {{"i", {10}}, {"i, j", {10, 53}}},
                "%d = arith.subf %x0, %x1 : f32\n %e = math.absf %d : f32\n %s = arith.addf %y0, %e : f32",
                "%s, %e"},
               1e-5);
}

TEST(Loops, FirstGreatestAndItsPlace) {
  check<float>({"i, j",
                "pr",
                {{"i, j", {10, 53}}},
                {{"i", {10}}, {"i", {10}}},
                "%i = linalg.index 1 : index\n %k = arith.index_cast %i : index to i32\n"
                "%f = arith.sitofp %k : i32 to f32\n %c = arith.cmpf ogt, %x0, %y0 : f32\n"
                "%m = arith.select %c, %x0, %y0 : f32\n %p = arith.select %c, %f, %y1 : f32",
                "%m, %p"},
               0);
}

TEST(Loops, CountersInBodies) {
  const char *body = "%i = linalg.index 1 : index\n %k = arith.index_cast %i : index to i32\n"
                     "%f = arith.sitofp %k : i32 to f32\n %s = arith.addf %x0, %f : f32";
  check<float>({"i, j", "pp", {{"i, j", {9, 35}}}, {{"i, j", {9, 35}}}, body, "%s"}, 0);
  check<float>({"i, j", "pp", {{"i, j", {9, 1}}}, {{"i, j", {9, 1}}}, body, "%s"}, 0);
}

TEST(Loops, DivisionByWhatMaskedLanesHold) {
  Generic generic{"i",
                  "p",
                  {{"i", {21}}, {"i", {21}}},
                  {{"i", {21}}},
                  "%o = arith.constant 1 : i32\n %n = arith.muli %x1, %x1 : i32\n %d = arith.addi %n, %o : i32\n"
                  "%q = arith.divsi %x0, %d : i32",
                  "%q"};
  generic.element = "i32";
  generic.start = "0";
  check<int32_t>(generic, 0);
}

TEST(Loops, WindowsAndStrides) {
  const char *add = "%s = arith.addf %y0, %x0 : f32";
  check<float>({"i, j", "pr", {{"i + j", {22}}, {"j", {3}}}, {{"i", {20}}}, add, "%s"}, 1e-5);
  check<float>({"i, j", "pr", {{"i * 2 + j", {41}}, {"j", {3}}}, {{"i", {20}}}, add, "%s"}, 1e-5);
  check<float>({"i, j", "pr", {{"i floordiv 2", {10}}, {"j", {3}}}, {{"i", {20}}}, add, "%s"}, 1e-5);
}

/// Large enough for threads: the tail of a strip, of rows, of blocks.
TEST(Loops, ThreadsDoNotChangeResults) {
  const char *add = "%s = arith.addf %y0, %x0 : f32";
  check<float>({"i", "p", {{"i", {200003}}, {"i", {200003}}}, {{"i", {200003}}}, poly, "%q"}, 1e-6);
  check<float>({"i, j", "pp", {{"i, j", {701, 303}}, {"i", {701}}}, {{"i, j", {701, 303}}}, poly, "%q"}, 1e-6);
  check<float>({"i, j", "pp", {{"i, j", {3, 70001}}, {"i", {3}}}, {{"i, j", {3, 70001}}}, poly, "%q"}, 1e-6);
  check<float>({"i, j", "pp", {{"j, i", {303, 701}}, {"i", {701}}}, {{"i, j", {701, 303}}}, poly, "%q"}, 1e-6);
  check<float>({"i, j", "pr", {{"i, j", {701, 303}}}, {{"i", {701}}}, add, "%s"}, 1e-4);
  check<float>({"i, j", "rp", {{"i, j", {303, 701}}}, {{"j", {701}}}, add, "%s"}, 1e-4);
  check<float>({"i, j", "rr", {{"j, i", {303, 701}}}, {{"", {}}}, add, "%s"}, 2e-3);
  check<float>({"i", "r", {{"i", {400003}}}, {{"", {}}}, "%s = arith.maximumf %y0, %x0 : f32", "%s"}, 0);
}

/// Views whose offsets only the running loop knows.
TEST(Loops, SlicesInALoop) {
  test::Compiled compiled(R"(
#id = affine_map<(i) -> (i)>
func.func @entry(%x: tensor<8x40xf32>) -> tensor<8x40xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<40xf32>
  %start = linalg.fill ins(%zero : f32) outs(%e : tensor<40xf32>) -> tensor<40xf32>
  %all = tensor.empty() : tensor<8x40xf32>
  %r:2 = scf.for %t = %c0 to %c8 step %c1 iter_args(%sum = %start, %out = %all) -> (tensor<40xf32>, tensor<8x40xf32>) {
    %row = tensor.extract_slice %x[%t, 0] [1, 40] [1, 1] : tensor<8x40xf32> to tensor<40xf32>
    %n = tensor.empty() : tensor<40xf32>
    %next = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
        ins(%row, %sum : tensor<40xf32>, tensor<40xf32>) outs(%n : tensor<40xf32>) {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %s = arith.addf %a, %b : f32
      linalg.yield %s : f32
    } -> tensor<40xf32>
    %put = tensor.insert_slice %next into %out[%t, 0] [1, 40] [1, 1] : tensor<40xf32> into tensor<8x40xf32>
    scf.yield %next, %put : tensor<40xf32>, tensor<8x40xf32>
  }
  return %r#1 : tensor<8x40xf32>
}
)");
  std::vector<float> x(320);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = float(i % 13);
  auto y = compiled({x}, {x.size()});
  ASSERT_EQ(y.size(), 1u);
  for (size_t column = 0; column < 40; ++column) {
    float sum = 0;
    for (size_t row = 0; row < 8; ++row) {
      sum += x[row * 40 + column];
      ASSERT_EQ(y[0][row * 40 + column], sum) << row << ", " << column;
    }
  }
}

} // namespace
