//===- CodegenTest.cpp - modules compiled, called and compared ------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each module runs with the kernels and with plain loops; what is expected is computed here.
//
//===----------------------------------------------------------------------===//
#include "test/Unit/Codegen/Compile.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cmath>
#include <complex>
#include <random>
using namespace tds;
using tds::test::Compiled;

namespace {

constexpr const char *maps = R"(
  #id = affine_map<(i) -> (i)>
  #none = affine_map<(i) -> ()>
  #all = affine_map<(i, j) -> (i, j)>
  func.func private @tds_report_index(i32, i64, i64)
)";

std::string module(const std::string &function) { return maps + function; }

class Codegen : public testing::TestWithParam<bool> {
protected:
  CodegenOptions options() const {
    CodegenOptions options = CodegenOptions::host();
    options.emitKernels = GetParam();
    return options;
  }
};

INSTANTIATE_TEST_SUITE_P(Loops, Codegen, testing::Bool(),
                         [](const auto &info) { return info.param ? "kernels" : "plain"; });

TEST_P(Codegen, SumOfDoubledValues) {
  Compiled f(module(R"(
    func.func @entry(%x: tensor<100xf32>) -> tensor<f32> {
      %two = arith.constant 2.0 : f32
      %zero = arith.constant 0.0 : f32
      %e = tensor.empty() : tensor<100xf32>
      %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<100xf32>)
          outs(%e : tensor<100xf32>) {
      ^bb0(%a: f32, %o: f32):
        %m = arith.mulf %a, %two : f32
        linalg.yield %m : f32
      } -> tensor<100xf32>
      %s = tensor.empty() : tensor<f32>
      %f = linalg.fill ins(%zero : f32) outs(%s : tensor<f32>) -> tensor<f32>
      %r = linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]} ins(%y : tensor<100xf32>)
          outs(%f : tensor<f32>) {
      ^bb0(%a: f32, %o: f32):
        %m = arith.addf %a, %o : f32
        linalg.yield %m : f32
      } -> tensor<f32>
      return %r : tensor<f32>
    })"),
             options());
  EXPECT_EQ(f.arena, 0u);
  std::vector<float> x(100);
  for (int i = 0; i < 100; ++i)
    x[i] = i;
  auto out = f({x}, {1});
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0][0], 9900.0f);
}

// Fibonacci numbers: the states change places and the new one reads both.
TEST_P(Codegen, LoopStatesThatMove) {
  Compiled f(module(R"(
    func.func @entry(%a: tensor<3xf32>, %b: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c10 = arith.constant 10 : index
      %r:2 = scf.for %i = %c0 to %c10 step %c1 iter_args(%x = %a, %y = %b) -> (tensor<3xf32>, tensor<3xf32>) {
        %e = tensor.empty() : tensor<3xf32>
        %s = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
            ins(%x, %y : tensor<3xf32>, tensor<3xf32>) outs(%e : tensor<3xf32>) {
        ^bb0(%p: f32, %q: f32, %o: f32):
          %m = arith.addf %p, %q : f32
          linalg.yield %m : f32
        } -> tensor<3xf32>
        scf.yield %y, %s : tensor<3xf32>, tensor<3xf32>
      }
      return %r#0, %r#1 : tensor<3xf32>, tensor<3xf32>
    })"),
             options());
  auto out = f({{0, 1, 2}, {1, 1, 0}}, {3, 3});
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0], (std::vector<float>{55, 89, 68}));
  EXPECT_EQ(out[1], (std::vector<float>{89, 144, 110}));
}

TEST_P(Codegen, WhileCountsItsRounds) {
  Compiled f(module(R"(
    func.func @entry(%a: tensor<4xf32>) -> (tensor<4xf32>, tensor<f32>) {
      %lim = arith.constant 100.0 : f32
      %c0 = arith.constant 0 : index
      %z = arith.constant dense<0.0> : tensor<f32>
      %one = arith.constant 1.0 : f32
      %r:2 = scf.while (%x = %a, %n = %z) : (tensor<4xf32>, tensor<f32>) -> (tensor<4xf32>, tensor<f32>) {
        %v = tensor.extract %x[%c0] : tensor<4xf32>
        %c = arith.cmpf olt, %v, %lim : f32
        scf.condition(%c) %x, %n : tensor<4xf32>, tensor<f32>
      } do {
      ^bb0(%x: tensor<4xf32>, %n: tensor<f32>):
        %e = tensor.empty() : tensor<4xf32>
        %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x: tensor<4xf32>)
            outs(%e : tensor<4xf32>) {
        ^bb0(%p: f32, %o: f32):
          %m = arith.addf %p, %p : f32
          linalg.yield %m : f32
        } -> tensor<4xf32>
        %k = tensor.extract %n[] : tensor<f32>
        %k1 = arith.addf %k, %one : f32
        %n1 = tensor.from_elements %k1 : tensor<f32>
        scf.yield %s, %n1 : tensor<4xf32>, tensor<f32>
      }
      return %r#0, %r#1 : tensor<4xf32>, tensor<f32>
    })"),
             options());
  auto out = f({{1, 2, 3, -4}}, {4, 1});
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0], (std::vector<float>{128, 256, 384, -512}));
  EXPECT_EQ(out[1][0], 7.0f);
  EXPECT_EQ(f({{100, 2, 3, 4}}, {4, 1})[1][0], 0.0f);
}

TEST_P(Codegen, EitherSideOfAnIf) {
  Compiled f(module(R"(
    func.func @entry(%c: tensor<f32>, %a: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
      %z = arith.constant 0.0 : f32
      %v = tensor.extract %c[] : tensor<f32>
      %t = arith.cmpf une, %v, %z : f32
      %r = scf.if %t -> tensor<4xf32> {
        %e = tensor.empty() : tensor<4xf32>
        %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a: tensor<4xf32>)
            outs(%e : tensor<4xf32>) {
        ^bb0(%p: f32, %o: f32):
          %m = arith.addf %p, %p : f32
          linalg.yield %m : f32
        } -> tensor<4xf32>
        scf.yield %s : tensor<4xf32>
      } else {
        scf.yield %a : tensor<4xf32>
      }
      return %r, %a : tensor<4xf32>, tensor<4xf32>
    })"),
             options());
  std::vector<float> a = {1, 2, 3, 4};
  EXPECT_EQ(f({{1}, a}, {4, 4}), (std::vector<std::vector<float>>{{2, 4, 6, 8}, a}));
  EXPECT_EQ(f({{0}, a}, {4, 4}), (std::vector<std::vector<float>>{a, a}));
}

TEST_P(Codegen, AnIndexOutsideIsReportedOnce) {
  Compiled f(module(R"(
    func.func @entry(%x: tensor<10xi64>, %ids: tensor<3xi64>) -> tensor<3xi64> {
      %e = tensor.empty() : tensor<3xi64>
      %n = arith.constant 10 : i64
      %z = arith.constant 0 : i64
      %last = arith.constant 9 : i64
      %place = arith.constant 7 : i32
      %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%ids: tensor<3xi64>)
          outs(%e : tensor<3xi64>) {
      ^bb0(%p: i64, %o: i64):
        %bad = arith.cmpi uge, %p, %n : i64
        scf.if %bad {
          func.call @tds_report_index(%place, %p, %n) : (i32, i64, i64) -> ()
        }
        %l = arith.maxsi %p, %z : i64
        %h = arith.minsi %l, %last : i64
        %i = arith.index_cast %h : i64 to index
        %v = tensor.extract %x[%i] : tensor<10xi64>
        linalg.yield %v : i64
      } -> tensor<3xi64>
      return %s : tensor<3xi64>
    })"),
             options());
  std::vector<int64_t> x = {0, 10, 20, 30, 40, 50, 60, 70, 80, 90};
  auto out = f.operator()<int64_t, int64_t>({x, {1, 12, -3}}, {3});
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0], (std::vector<int64_t>{10, 90, 0}));
  EXPECT_EQ(f.error.code, TDS_INDEX_OUTSIDE);
  EXPECT_EQ(f.error.place, 7);
  EXPECT_EQ(f.error.value, 12);
  EXPECT_EQ(f.error.bound, 10);
  f.operator()<int64_t, int64_t>({x, {1, 2, 3}}, {3});
  EXPECT_EQ(f.error.code, TDS_FINE);
}

TEST_P(Codegen, PartsPadsReshapesAndConstants) {
  Compiled f(module(R"(
    func.func @entry(%x: tensor<6xf32>)
        -> (tensor<2x3xf32>, tensor<8xf32>, tensor<2xf32>, tensor<0x3xf32>, tensor<6xf32>, tensor<6xf32>) {
      %y = tensor.expand_shape %x [[0, 1]] output_shape [2, 3] : tensor<6xf32> into tensor<2x3xf32>
      %c = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
      %e = tensor.empty() : tensor<2x3xf32>
      %s = linalg.generic {indexing_maps = [#all, #all, #all], iterator_types = ["parallel", "parallel"]}
          ins(%y, %c: tensor<2x3xf32>, tensor<2x3xf32>) outs(%e : tensor<2x3xf32>) {
      ^bb0(%p: f32, %q: f32, %o: f32):
        %m = arith.mulf %p, %q : f32
        linalg.yield %m : f32
      } -> tensor<2x3xf32>
      %k = arith.constant 5.0 : f32
      %pad = tensor.pad %x low[1] high[1] {
      ^bb0(%i: index):
        tensor.yield %k : f32
      } : tensor<6xf32> to tensor<8xf32>
      %part = tensor.extract_slice %x[1] [2] [2] : tensor<6xf32> to tensor<2xf32>
      %z0 = tensor.empty() : tensor<0x3xf32>
      %z1 = linalg.fill ins(%k : f32) outs(%z0 : tensor<0x3xf32>) -> tensor<0x3xf32>
      %flat = tensor.collapse_shape %s [[0, 1]] : tensor<2x3xf32> into tensor<6xf32>
      return %s, %pad, %part, %z1, %x, %flat
        : tensor<2x3xf32>, tensor<8xf32>, tensor<2xf32>, tensor<0x3xf32>, tensor<6xf32>, tensor<6xf32>
    })"),
             options());
  std::vector<float> x = {1, 2, 3, 4, 5, 6};
  auto out = f({x}, {6, 8, 2, 0, 6, 6});
  ASSERT_EQ(out.size(), 6u);
  EXPECT_EQ(out[0], (std::vector<float>{1, 4, 9, 16, 25, 36}));
  EXPECT_EQ(out[1], (std::vector<float>{5, 1, 2, 3, 4, 5, 6, 5}));
  EXPECT_EQ(out[2], (std::vector<float>{2, 4}));
  EXPECT_EQ(out[4], x);
  EXPECT_EQ(out[5], out[0]);
}

TEST_P(Codegen, ComplexExponential) {
  using Complex = std::complex<float>;
  Compiled f(module(R"(
    func.func @entry(%z: tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>> {
      %e = tensor.empty() : tensor<4xcomplex<f32>>
      %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%z : tensor<4xcomplex<f32>>)
          outs(%e : tensor<4xcomplex<f32>>) {
      ^bb0(%p: complex<f32>, %o: complex<f32>):
        %m = complex.mul %p, %p : complex<f32>
        %w = complex.exp %m : complex<f32>
        linalg.yield %w : complex<f32>
      } -> tensor<4xcomplex<f32>>
      return %s : tensor<4xcomplex<f32>>
    })"),
             options());
  std::vector<Complex> z = {{0, 0}, {1, 0}, {0.5f, -0.25f}, {0, 1}};
  auto out = f.operator()<Complex, Complex>({z}, {4});
  ASSERT_EQ(out.size(), 1u);
  for (int i = 0; i < 4; ++i)
    EXPECT_LT(std::abs(out[0][i] - std::exp(z[i] * z[i])), 1e-6f) << i;
}

TEST_P(Codegen, HalfPrecisionRoundsWhereStored) {
  Compiled f(module(R"(
    func.func @entry(%h: tensor<5xf16>) -> tensor<5xf16> {
      %e = tensor.empty() : tensor<5xf16>
      %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%h : tensor<5xf16>)
          outs(%e : tensor<5xf16>) {
      ^bb0(%p: f16, %o: f16):
        %w = arith.extf %p : f16 to f32
        %m = arith.mulf %w, %w : f32
        %r = arith.truncf %m : f32 to f16
        linalg.yield %r : f16
      } -> tensor<5xf16>
      return %s : tensor<5xf16>
    })"),
             options());
  // 1, 2, -0.5, 300 (its square overflows), 1.0009765625 (its square is between two halves)
  auto out = f.operator()<uint16_t, uint16_t>({{0x3c00, 0x4000, 0xb800, 0x5cb0, 0x3c01}}, {5});
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0], (std::vector<uint16_t>{0x3c00, 0x4400, 0x3400, 0x7c00, 0x3c02}));
}

/// The step of test/Codegen/mlp-step.mlir in double precision.
std::vector<std::vector<double>> mlpStep(const std::vector<std::vector<float>> &in) {
  constexpr int batch = 64, pixels = 784, hidden = 128, classes = 10;
  const auto &x = in[0], &t = in[1], &w1 = in[2], &b1 = in[3], &w2 = in[4], &b2 = in[5], &mean = in[6], &square = in[7];
  using Matrix = std::vector<double>;
  Matrix h(batch * hidden), dz(batch * classes), dh(batch * hidden);
  double loss = 0;
  for (int n = 0; n < batch; ++n) {
    for (int j = 0; j < hidden; ++j) {
      double sum = b1[j];
      for (int k = 0; k < pixels; ++k)
        sum += double(x[n * pixels + k]) * w1[k * hidden + j];
      h[n * hidden + j] = std::max(sum, 0.0);
    }
    double z[classes], most = -INFINITY, total = 0;
    for (int c = 0; c < classes; ++c) {
      z[c] = b2[c];
      for (int j = 0; j < hidden; ++j)
        z[c] += h[n * hidden + j] * w2[j * classes + c];
      most = std::max(most, z[c]);
    }
    for (double v : z)
      total += std::exp(v - most);
    for (int c = 0; c < classes; ++c) {
      loss -= (z[c] - most - std::log(total)) * t[n * classes + c] / batch;
      dz[n * classes + c] = (std::exp(z[c] - most) / total - t[n * classes + c]) / batch;
    }
    for (int j = 0; j < hidden; ++j) {
      double sum = 0;
      for (int c = 0; c < classes; ++c)
        sum += dz[n * classes + c] * w2[j * classes + c];
      dh[n * hidden + j] = h[n * hidden + j] > 0 ? sum : 0;
    }
  }
  std::vector<Matrix> out = {{loss},
                             Matrix(w1.begin(), w1.end()),
                             Matrix(mean.begin(), mean.end()),
                             Matrix(square.begin(), square.end()),
                             Matrix(b1.begin(), b1.end()),
                             Matrix(w2.begin(), w2.end()),
                             Matrix(b2.begin(), b2.end())};
  constexpr double rate = 0.001;
  for (int k = 0; k < pixels; ++k)
    for (int j = 0; j < hidden; ++j) {
      double gradient = 0;
      for (int n = 0; n < batch; ++n)
        gradient += x[n * pixels + k] * dh[n * hidden + j];
      int at = k * hidden + j;
      out[2][at] = 0.9 * mean[at] + 0.1 * gradient;
      out[3][at] = 0.999 * square[at] + 0.001 * gradient * gradient;
      out[1][at] -= rate * out[2][at] / (std::sqrt(out[3][at]) + 1e-8);
    }
  for (int n = 0; n < batch; ++n) {
    for (int j = 0; j < hidden; ++j) {
      out[4][j] -= rate * dh[n * hidden + j];
      for (int c = 0; c < classes; ++c)
        out[5][j * classes + c] -= rate * h[n * hidden + j] * dz[n * classes + c];
    }
    for (int c = 0; c < classes; ++c)
      out[6][c] -= rate * dz[n * classes + c];
  }
  return out;
}

TEST_P(Codegen, TrainingStep) {
  auto file = llvm::MemoryBuffer::getFile(TDS_SOURCE_DIR "/test/Codegen/mlp-step.mlir");
  ASSERT_TRUE(file);
  Compiled f((*file)->getBuffer(), options());
  std::mt19937 random(1);
  auto values = [&](size_t size, float low, float high) {
    std::uniform_real_distribution<float> uniform(low, high);
    std::vector<float> out(size);
    for (float &v : out)
      v = uniform(random);
    return out;
  };
  std::vector<float> labels(64 * 10);
  for (int n = 0; n < 64; ++n)
    labels[n * 10 + random() % 10] = 1;
  std::vector<std::vector<float>> in = {values(64 * 784, 0, 1),         labels,
                                        values(784 * 128, -.05f, .05f), values(128, -.1f, .1f),
                                        values(128 * 10, -.3f, .3f),    values(10, -.1f, .1f),
                                        values(784 * 128, -.01f, .01f), values(784 * 128, .01f, .02f)};
  std::vector<std::vector<double>> expected = mlpStep(in);
  std::vector<size_t> sizes;
  for (const auto &result : expected)
    sizes.push_back(result.size());
  tds_pool *pool = tds_pool_create(2);
  auto serial = f(in, sizes), threaded = f(in, sizes, pool);
  tds_pool_destroy(pool);
  ASSERT_EQ(serial.size(), expected.size());
  EXPECT_EQ(serial, threaded);
  for (size_t r = 0; r < expected.size(); ++r) {
    double worst = 0;
    for (size_t i = 0; i < expected[r].size(); ++i)
      worst = std::max(worst, std::abs(serial[r][i] - expected[r][i]) / (1e-3 + std::abs(expected[r][i])));
    EXPECT_LT(worst, 2e-5) << "result " << r;
  }
}

// 300 ops in a row, each of whose results two later ops read: neither the op nor the time grows out of proportion.
TEST(Fusion, LongChainsOfSharedValues) {
  std::string text = "func.func @entry(%v0: tensor<64xf32>, %v1: tensor<64xf32>) -> tensor<64xf32> {\n"
                     "%e = tensor.empty() : tensor<64xf32>\n";
  std::string last;
  for (int i = 2; i < 300; ++i) {
    auto name = [](int k) { return "%v" + std::to_string(k); };
    last = name(i);
    text += last + " = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = [\"parallel\"]} ins(" +
            name(i - 2) + ", " + name(i - 1) +
            " : tensor<64xf32>, tensor<64xf32>) outs(%e : tensor<64xf32>) {\n^bb0(%a: f32, %b: f32, %o: f32):\n"
            "%m = arith.subf %a, %b : f32\nlinalg.yield %m : f32\n} -> tensor<64xf32>\n";
  }
  text += "return " + last + " : tensor<64xf32>\n}";
  Compiled f(module(text));
  EXPECT_EQ(f.arena, 0u);
  std::vector<float> a(64, 3), b(64, 2);
  auto out = f({a, b}, {64});
  ASSERT_EQ(out.size(), 1u);
  float x = 3, y = 2;
  for (int i = 2; i < 300; ++i) {
    float z = x - y;
    x = y;
    y = z;
  }
  EXPECT_EQ(out[0], std::vector<float>(64, y));
}

TEST(LoadedObject, RefusesSymbolsThatTheRuntimeDoesNotList) {
  mlir::DialectRegistry registry;
  registerCodegenDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(R"(
    llvm.func @system(!llvm.ptr) -> i32
    llvm.func @entry(%call: !llvm.ptr) {
      %r = llvm.call @system(%call) : (!llvm.ptr) -> i32
      llvm.return
    })",
                                                        &context);
  auto object = emitObject(*module, CodegenOptions::host());
  ASSERT_TRUE(bool(object));
  auto loaded = LoadedObject::load(*object);
  ASSERT_FALSE(bool(loaded));
  EXPECT_NE(llvm::toString(loaded.takeError()).find("system"), std::string::npos);
}

TEST(LoadedObject, RefusesBytesThatAreNoObject) {
  std::vector<char> bytes(100, 'x');
  auto loaded = LoadedObject::load(bytes);
  EXPECT_FALSE(bool(loaded));
  llvm::consumeError(loaded.takeError());
}

} // namespace
