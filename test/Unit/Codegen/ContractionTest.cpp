//===- ContractionTest.cpp - contractions against sums in a plain loop ----===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "test/Unit/Codegen/Compile.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>
#include <map>
#include <numeric>
#include <random>
using namespace tds;
using tds::test::Compiled;

namespace {

/// "zab,zbc->zac" and the sizes of its letters.
struct Product {
  std::string lhs, rhs, out;
  std::map<char, int64_t> size;
  std::string input = "f32", sum = "f32"; // element types
  bool accumulates = false;               // adds to a third argument

  Product(llvm::StringRef spec, std::map<char, int64_t> size) : size(std::move(size)) {
    auto [inputs, result] = spec.split("->");
    auto [a, b] = inputs.split(',');
    lhs = a, rhs = b, out = result;
  }

  std::string loops() const {
    std::string all = out;
    for (char letter : lhs + rhs)
      if (all.find(letter) == std::string::npos)
        all += letter;
    return all;
  }

  int64_t count(const std::string &letters) const {
    return std::accumulate(letters.begin(), letters.end(), int64_t(1),
                           [&](int64_t n, char letter) { return n * size.at(letter); });
  }

  std::string module() const {
    auto list = [](const std::string &letters) {
      std::vector<std::string> names;
      for (char letter : letters)
        names.push_back(std::string(1, letter));
      return llvm::join(names, ", ");
    };
    auto tensor = [&](const std::string &letters, const std::string &element) {
      std::string type = "tensor<";
      for (char letter : letters)
        type += std::to_string(size.at(letter)) + "x";
      return type + element + ">";
    };
    auto map = [&](const std::string &letters) {
      return "affine_map<(" + list(loops()) + ") -> (" + list(letters) + ")>";
    };
    std::vector<std::string> iterators;
    for (char letter : loops())
      iterators.push_back(out.find(letter) == std::string::npos ? "\"reduction\"" : "\"parallel\"");
    std::string a = tensor(lhs, input), b = tensor(rhs, input), c = tensor(out, sum);
    std::string text =
        "func.func @entry(%a: " + a + ", %b: " + b + (accumulates ? ", %init: " + c : "") + ") -> " + c + " {\n";
    if (!accumulates)
      text += "%zero = arith.constant 0.0 : " + sum + "\n%empty = tensor.empty() : " + c +
              "\n%init = linalg.fill ins(%zero : " + sum + ") outs(%empty : " + c + ") -> " + c + "\n";
    text += "%r = linalg.generic {tds.contract, indexing_maps = [" + map(lhs) + ", " + map(rhs) + ", " + map(out) +
            "], iterator_types = [" + llvm::join(iterators, ", ") + "]} ins(%a, %b : " + a + ", " + b +
            ") outs(%init : " + c + ") {\n^bb0(%x: " + input + ", %y: " + input + ", %old: " + sum + "):\n";
    std::string x = "%x", y = "%y";
    if (input != sum) {
      text +=
          "%wx = arith.extf %x : " + input + " to " + sum + "\n%wy = arith.extf %y : " + input + " to " + sum + "\n";
      x = "%wx", y = "%wy";
    }
    return text + "%p = arith.mulf " + x + ", " + y + " : " + sum + "\n%s = arith.addf %old, %p : " + sum +
           "\nlinalg.yield %s : " + sum + "\n} -> " + c + "\nreturn %r : " + c + "\n}\n";
  }
};

/// Each element's sum in double, and the sum of its terms' magnitudes, which bounds what rounding may do.
struct Sums {
  std::vector<double> value, magnitude;
};

Sums plainLoop(const Product &p, const std::vector<double> &a, const std::vector<double> &b,
               const std::vector<double> &init) {
  std::string loops = p.loops();
  auto strides = [&](const std::string &letters) {
    std::vector<int64_t> result(loops.size(), 0);
    int64_t stride = 1;
    for (char letter : llvm::reverse(letters)) {
      result[loops.find(letter)] += stride;
      stride *= p.size.at(letter);
    }
    return result;
  };
  auto ofA = strides(p.lhs), ofB = strides(p.rhs), ofC = strides(p.out);
  Sums sums{init, std::vector<double>(init.size())};
  for (size_t i = 0; i < init.size(); ++i)
    sums.magnitude[i] = std::abs(init[i]);
  std::vector<int64_t> index(loops.size(), 0);
  for (int64_t left = p.count(loops); left > 0; --left) {
    auto at = [&](const std::vector<int64_t> &strides) {
      return std::inner_product(index.begin(), index.end(), strides.begin(), int64_t(0));
    };
    double term = a[at(ofA)] * b[at(ofB)];
    sums.value[at(ofC)] += term;
    sums.magnitude[at(ofC)] += std::abs(term);
    for (size_t i = loops.size(); i-- > 0 && ++index[i] == p.size.at(loops[i]);)
      index[i] = 0;
  }
  return sums;
}

/// Values that bf16 has, so that all element types hold them.
std::vector<double> values(int64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<double> result;
  for (int64_t i = 0; i < count; ++i)
    result.push_back((int(random() % 255) - 127) / 128.0);
  return result;
}

template <class A> A stored(double value) { return A(value); }
template <> uint16_t stored(double value) { // bf16: the upper half of f32
  float single = float(value);
  uint32_t bits;
  std::memcpy(&bits, &single, 4);
  return bits >> 16;
}

template <class A = float, class R = float>
void check(const Product &p, CodegenOptions options = CodegenOptions::host(), tds_pool *pool = nullptr) {
  SCOPED_TRACE(p.module());
  auto a = values(p.count(p.lhs), 1), b = values(p.count(p.rhs), 2);
  std::vector<double> init(p.count(p.out), 0);
  std::vector<std::vector<A>> arguments(2);
  llvm::transform(a, std::back_inserter(arguments[0]), stored<A>);
  llvm::transform(b, std::back_inserter(arguments[1]), stored<A>);
  if (p.accumulates) {
    init = values(init.size(), 3);
    arguments.emplace_back();
    llvm::transform(init, std::back_inserter(arguments[2]), stored<A>);
  }
  Compiled f(p.module(), options);
  auto results = f.operator()<R, A>(arguments, {init.size()}, pool);
  ASSERT_EQ(results.size(), 1u);
  Sums sums = plainLoop(p, a, b, init);
  double most = 4 * std::sqrt(double(p.count(p.loops())) / std::max<size_t>(init.size(), 1) + 1) *
                std::numeric_limits<R>::epsilon();
  for (size_t i = 0; i < init.size(); ++i)
    ASSERT_LE(std::abs(results[0][i] - sums.value[i]), most * sums.magnitude[i]) << "element " << i;
}

const std::vector<std::string> fourLayouts = {"ab,bc->ac", "ba,bc->ac", "ab,cb->ac", "ba,cb->ac"};

/// m, k, n around the sizes of tiles, vectors and blocks of AVX2 and AVX-512.
const std::vector<std::array<int64_t, 3>> matrixSizes = {
    {1, 1, 1},     {1, 5, 7},     {5, 1, 7},     {7, 5, 1},     {3, 2, 1},      {6, 16, 6},
    {7, 17, 9},    {14, 20, 32},  {15, 600, 33}, {17, 33, 65},  {37, 53, 101},  {1, 700, 300},
    {300, 700, 1}, {4, 100, 500}, {100, 1, 100}, {64, 128, 10}, {130, 1100, 90}};

TEST(Contraction, MatricesOfEachLayout) {
  for (const std::string &layout : fourLayouts)
    for (auto [m, k, n] : matrixSizes)
      check({layout, {{'a', m}, {'b', k}, {'c', n}}});
}

TEST(Contraction, MatricesInHalfTheVectorWidth) {
  CodegenOptions options = CodegenOptions::host();
  if (options.vectorBits < 512)
    GTEST_SKIP() << "the machine's own width is tested";
  options.vectorBits = 256;
  for (const std::string &layout : fourLayouts)
    for (auto [m, k, n] : matrixSizes)
      check({layout, {{'a', m}, {'b', k}, {'c', n}}}, options);
}

TEST(Contraction, Doubles) {
  for (const std::string &layout : fourLayouts)
    for (auto [m, k, n] : std::vector<std::array<int64_t, 3>>{{1, 40, 30}, {7, 17, 9}, {30, 300, 50}, {65, 9, 33}}) {
      Product p(layout, {{'a', m}, {'b', k}, {'c', n}});
      p.input = p.sum = "f64";
      check<double, double>(p);
    }
}

TEST(Contraction, SixteenBitInputsSumInThirtyTwo) {
  for (const std::string &layout : fourLayouts)
    for (auto [m, k, n] : std::vector<std::array<int64_t, 3>>{{1, 40, 30}, {7, 17, 9}, {30, 300, 50}, {4, 64, 5}}) {
      Product p(layout, {{'a', m}, {'b', k}, {'c', n}});
      p.input = "bf16";
      check<uint16_t>(p);
      p.input = "f16";
      check<_Float16>(p);
    }
}

TEST(Contraction, AddsToWhatIsThere) {
  for (const std::string &layout : fourLayouts)
    for (auto [m, k, n] : std::vector<std::array<int64_t, 3>>{{1, 40, 30}, {7, 17, 9}, {30, 1300, 50}}) {
      Product p(layout, {{'a', m}, {'b', k}, {'c', n}});
      p.accumulates = true;
      check(p);
    }
}

TEST(Contraction, BatchesAndPermutations) {
  check({"zab,zbc->zac", {{'z', 5}, {'a', 20}, {'b', 30}, {'c', 40}}});
  check({"zab,bc->zac", {{'z', 6}, {'a', 7}, {'b', 30}, {'c', 40}}});
  check({"abz,zc->abc", {{'z', 6}, {'a', 7}, {'b', 30}, {'c', 40}}});
  check({"bthd,bshd->bhts", {{'b', 3}, {'t', 20}, {'s', 21}, {'h', 4}, {'d', 16}}});
  check({"bhts,bshd->bthd", {{'b', 3}, {'t', 20}, {'s', 21}, {'h', 4}, {'d', 16}}});
  check({"ab,bc->ca", {{'a', 30}, {'b', 40}, {'c', 50}}});
  check({"ab,zbc->caz", {{'a', 30}, {'b', 40}, {'c', 50}, {'z', 3}}});
  check({"zab,zbc->acz", {{'a', 30}, {'b', 40}, {'c', 50}, {'z', 6}}});
  check({"zaybw,wcbyd->zadcw", {{'z', 2}, {'a', 5}, {'y', 6}, {'b', 7}, {'w', 3}, {'c', 20}, {'d', 9}}});
}

TEST(Contraction, SumsOverSeveralLoops) {
  check({"xbz,yzb->xy", {{'x', 30}, {'y', 20}, {'b', 7}, {'z', 50}}});
  check({"bxz,byz->xy", {{'x', 30}, {'y', 20}, {'b', 7}, {'z', 50}}});
  check({"bxz,bzy->xy", {{'x', 30}, {'y', 20}, {'b', 70}, {'z', 5}}});
  check({"bxz,bzy->xy", {{'x', 30}, {'y', 20}, {'b', 7}, {'z', 900}}});
  check({"bxzw,wbzy->xy", {{'x', 30}, {'y', 20}, {'b', 7}, {'z', 9}, {'w', 5}}});
  check({"xpyq,pqz->xyz", {{'x', 9}, {'p', 5}, {'y', 6}, {'q', 7}, {'z', 40}}});
}

TEST(Contraction, LoopsOfOneOperandAlone) {
  check({"ab,c->ac", {{'a', 30}, {'b', 50}, {'c', 20}}});  // b sums in the left operand only
  check({"ab,b->abc", {{'a', 30}, {'b', 50}, {'c', 20}}}); // c is in the result only
}

TEST(Contraction, VectorsAndScalars) {
  check({"a,a->a", {{'a', 100}}});
  check({"a,a->", {{'a', 1000}}});
  check({"a,b->ab", {{'a', 100}, {'b', 50}}});
  check({"ab,ab->", {{'a', 30}, {'b', 50}}});
  check({"ab,ab->a", {{'a', 30}, {'b', 50}}});
  check({"ab,ab->b", {{'a', 30}, {'b', 50}}});
}

TEST(Contraction, SameBitsForAnyNumberOfThreads) {
  for (Product p : {Product("ab,bc->ac", {{'a', 90}, {'b', 1200}, {'c', 130}}),
                    Product("zab,zcb->zac", {{'z', 40}, {'a', 30}, {'b', 50}, {'c', 20}}),
                    Product("ab,cb->ac", {{'a', 2}, {'b', 1000}, {'c', 300}})}) {
    Compiled f(p.module());
    std::vector<std::vector<float>> arguments(2);
    llvm::transform(values(p.count(p.lhs), 1), std::back_inserter(arguments[0]), stored<float>);
    llvm::transform(values(p.count(p.rhs), 2), std::back_inserter(arguments[1]), stored<float>);
    size_t elements = p.count(p.out);
    auto serial = f(arguments, {elements});
    for (int64_t workers : {1, 2, 3, 7}) {
      tds_pool *pool = tds_pool_create(workers);
      EXPECT_EQ(f(arguments, {elements}, pool), serial) << workers << " workers";
      tds_pool_destroy(pool);
    }
  }
}

} // namespace
