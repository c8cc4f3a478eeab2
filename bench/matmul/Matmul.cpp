//===- Matmul.cpp - matrix products beside OpenBLAS -----------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   bench-matmul [THREADS [OPENBLAS]]
//
// prints GFLOP/s of compiled f32 products and their compile time; with the path of an OpenBLAS library, GFLOP/s of its
// sgemm too, run by turns with ours in this process, and the ratio. Each figure is the best of its runs.
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Codegen.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include <chrono>
#include <dlfcn.h>
#include <random>
#include <thread>
using namespace tds;
using Clock = std::chrono::steady_clock;

namespace {

struct Shape {
  int64_t m, k, n;
  bool transposedLhs, transposedRhs;
};

constexpr Shape shapes[] = {
    {64, 784, 128, false, false},     {64, 784, 128, true, false},     {64, 784, 128, false, true},
    {256, 3072, 768, false, false},   {256, 3072, 768, true, false},   {256, 3072, 768, false, true},
    {512, 512, 512, false, false},    {512, 512, 512, true, false},    {512, 512, 512, false, true},
    {1024, 1024, 1024, false, false}, {1024, 1024, 1024, true, false}, {1024, 1024, 1024, false, true}};

std::string moduleText(const Shape &s) {
  auto matrix = [](int64_t rows, int64_t columns, bool transposed) {
    return transposed ? llvm::formatv("tensor<{0}x{1}xf32>", columns, rows).str()
                      : llvm::formatv("tensor<{0}x{1}xf32>", rows, columns).str();
  };
  std::string a = matrix(s.m, s.k, s.transposedLhs), b = matrix(s.k, s.n, s.transposedRhs), c = matrix(s.m, s.n, false);
  return llvm::formatv(R"(
    func.func @entry(%a: {0}, %b: {1}) -> {2} {{
      %zero = arith.constant 0.0 : f32
      %empty = tensor.empty() : {2}
      %init = linalg.fill ins(%zero : f32) outs(%empty : {2}) -> {2}
      %r = linalg.generic {{tds.contract, iterator_types = ["parallel", "parallel", "reduction"],
        indexing_maps = [affine_map<(m, n, k) -> ({3})>, affine_map<(m, n, k) -> ({4})>, affine_map<(m, n, k) -> (m, n)>]}
        ins(%a, %b : {0}, {1}) outs(%init : {2}) {{
      ^bb0(%x: f32, %y: f32, %old: f32):
        %p = arith.mulf %x, %y : f32
        %s = arith.addf %old, %p : f32
        linalg.yield %s : f32
      } -> {2}
      return %r : {2}
    })",
                       a, b, c, s.transposedLhs ? "k, m" : "m, k", s.transposedRhs ? "n, k" : "k, n");
}

/// The compiled product and the bytes of arena that it wants.
std::pair<std::unique_ptr<LoadedObject>, uint64_t> compile(const Shape &shape) {
  mlir::DialectRegistry registry;
  registerCodegenDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  CodegenOptions options = CodegenOptions::host();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(moduleText(shape), &context);
  mlir::PassManager passes(&context);
  addTensorPasses(passes, options);
  addBufferPasses(passes, options);
  addCpuPasses(passes, options);
  addLlvmPasses(passes, options);
  if (!module || failed(passes.run(*module)))
    llvm::report_fatal_error("a matrix product does not compile");
  std::vector<char> object = llvm::cantFail(emitObject(*module, options));
  return {llvm::cantFail(LoadedObject::load(object)), arenaBytes(*module)};
}

using Matrix = std::unique_ptr<float, decltype(&std::free)>;

Matrix makeMatrix(int64_t elements) {
  Matrix matrix(static_cast<float *>(std::aligned_alloc(64, (elements * sizeof(float) + 63) / 64 * 64)), &std::free);
  std::mt19937 random(1);
  std::uniform_real_distribution<float> distribution(-1, 1);
  for (int64_t i = 0; i < elements; ++i)
    matrix.get()[i] = distribution(random);
  return matrix;
}

/// cblas_sgemm with 64-bit or 32-bit sizes, whichever a library has.
class OpenBlas {
public:
  explicit OpenBlas(const char *path) {
    void *library = path ? dlopen(path, RTLD_NOW) : nullptr;
    if (path && !library)
      llvm::report_fatal_error(dlerror());
    if (!library)
      return;
    wide = reinterpret_cast<Gemm<int64_t> *>(dlsym(library, "scipy_cblas_sgemm64_"));
    narrow = reinterpret_cast<Gemm<int> *>(dlsym(library, "cblas_sgemm"));
  }
  explicit operator bool() const { return wide || narrow; }

  void operator()(const Shape &s, const float *a, const float *b, float *c) const {
    wide ? call(wide, s, a, b, c) : call(narrow, s, a, b, c);
  }

private:
  template <class Int>
  using Gemm = void(int, int, int, Int, Int, Int, float, const float *, Int, const float *, Int, float, float *, Int);

  template <class Int> static void call(Gemm<Int> *gemm, const Shape &s, const float *a, const float *b, float *c) {
    constexpr int rowMajor = 101, plain = 111, transposed = 112;
    gemm(rowMajor, s.transposedLhs ? transposed : plain, s.transposedRhs ? transposed : plain, s.m, s.n, s.k, 1, a,
         s.transposedLhs ? s.m : s.k, b, s.transposedRhs ? s.k : s.n, 0, c, s.n);
  }

  Gemm<int64_t> *wide = nullptr;
  Gemm<int> *narrow = nullptr;
};

double seconds(llvm::function_ref<void()> run) {
  auto start = Clock::now();
  run();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The shortest of the runs of a tenth of a second, after a pause in which the threads of the other library fall
/// asleep.
double best(llvm::function_ref<void()> run) {
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  double shortest = 1e9;
  for (double total = 0; total < 0.1;) {
    double time = seconds(run);
    shortest = std::min(shortest, time);
    total += time;
  }
  return shortest;
}

} // namespace

int main(int argc, char **argv) {
  int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  setenv("OPENBLAS_NUM_THREADS", std::to_string(threads).c_str(), 1);
  OpenBlas blas(argc > 2 ? argv[2] : nullptr);
  tds_pool *pool = tds_pool_create(threads);
  llvm::outs() << "     m     k     n        GF/s   compile ms" << (blas ? "   OpenBLAS   ratio\n" : "\n");
  for (const Shape &s : shapes) {
    Matrix a = makeMatrix(s.m * s.k), b = makeMatrix(s.k * s.n), c = makeMatrix(s.m * s.n);
    std::pair<std::unique_ptr<LoadedObject>, uint64_t> compiled;
    double compileTime = seconds([&] { compiled = compile(s); });
    Matrix arena = makeMatrix(compiled.second / sizeof(float) + 16);
    void *buffers[] = {a.get(), b.get(), c.get()};
    tds_error error = {};
    tds_call call = {buffers, nullptr, arena.get(), pool, &error};
    double ours = 1e9, theirs = 1e9;
    for (int round = 0; round < 5; ++round) {
      ours = std::min(ours, best([&] { compiled.first->entry()(&call); }));
      if (blas)
        theirs = std::min(theirs, best([&] { blas(s, a.get(), b.get(), c.get()); }));
    }
    double work = 2e-9 * s.m * s.k * s.n;
    llvm::outs() << llvm::format("%6ld%6ld%6ld %c%c %8.1f %12.1f", s.m, s.k, s.n, "nt"[s.transposedLhs],
                                 "nt"[s.transposedRhs], work / ours, compileTime * 1e3);
    if (blas)
      llvm::outs() << llvm::format(" %10.1f %7.2f", work / theirs, theirs / ours);
    llvm::outs() << "\n";
    llvm::outs().flush();
  }
  tds_pool_destroy(pool);
}
