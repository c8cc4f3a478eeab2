// The C++ API as a host sees it.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <tds/engine.h>
#include <thread>
#include <unistd.h>

using namespace tds;

namespace {

Engine makeEngine(Options options = {}) {
  auto engine = Engine::create(std::move(options));
  EXPECT_TRUE(engine);
  return engine.take();
}

Function functionOf(Engine &engine, std::string_view source, std::string_view name) {
  auto module = engine.parse(source);
  EXPECT_TRUE(module) << module.error().render();
  auto function = module->function(name);
  EXPECT_TRUE(function) << function.error().render();
  return function.take();
}

template <class T> std::vector<T> values(const Tensor &tensor) {
  auto span = tensor.read<T>();
  EXPECT_TRUE(span) << span.error().render();
  return span ? std::vector<T>(span->begin(), span->end()) : std::vector<T>();
}

constexpr const char *lossText = "def loss(w: f32[n], x: f32[m, n], y: f32[m]) = mean((x @ w - y) ** 2)\n";

TEST(Engine, CallsAFunctionOnTheHostsBuffers) {
  Engine engine = makeEngine();
  Function f = functionOf(engine, "def f(x: f32[n], k: f32 = 3) -> f32[n] = x * k\n", "f");
  std::vector<float> x = {1, 2, 3};
  auto result = f.call({Tensor::view(x, {3})});
  ASSERT_TRUE(result) << result.error().render();
  EXPECT_EQ(values<float>(result->front()), (std::vector<float>{3, 6, 9}));
  result = f.call({Tensor::view(x, {3}), Tensor::scalar(2.0f)});
  ASSERT_TRUE(result) << result.error().render();
  EXPECT_EQ(values<float>(result->front()), (std::vector<float>{2, 4, 6}));
}

TEST(Engine, ReadsBuffersAtAnyAlignment) {
  Engine engine = makeEngine();
  Function f = functionOf(engine, "def f(x: f32[n], m: f32[n, n]) = (sum(x * 2), m @ x, exp(x))\n", "f");
  std::vector<float> memory(1 + 64 + 64 * 64, 1.0f);
  for (size_t offset : {0, 1}) {
    std::span<const float> x(memory.data() + offset, 64), m(memory.data() + offset, 64 * 64);
    auto result = f.call({Tensor::view(x, {64}), Tensor::view(m, {64, 64})});
    ASSERT_TRUE(result) << result.error().render();
    EXPECT_EQ(values<float>((*result)[0]), std::vector<float>{128});
    EXPECT_EQ(values<float>((*result)[1]), std::vector<float>(64, 64.0f));
    EXPECT_NEAR(values<float>((*result)[2])[63], std::exp(1.0f), 1e-6);
  }
}

TEST(Engine, GradientsAgreeWithDifferences) {
  Engine engine = makeEngine();
  Function loss = functionOf(engine, lossText, "loss");
  std::vector<float> w = {0.5f, -1}, x = {1, 2, 3, 4, 5, 6}, y = {1, 0, 1};
  auto at = [&](float w0, float w1) {
    std::vector<float> moved = {w0, w1};
    auto value = loss.call({Tensor::view(moved, {2}), Tensor::view(x, {3, 2}), Tensor::view(y, {3})});
    return double(values<float>(value->front())[0]);
  };
  auto gradient = loss.grad({"w"});
  ASSERT_TRUE(gradient) << gradient.error().render();
  auto g = gradient->call({Tensor::view(w, {2}), Tensor::view(x, {3, 2}), Tensor::view(y, {3})});
  ASSERT_TRUE(g) << g.error().render();
  auto found = values<float>(g->front());
  double h = 1.0 / 64;
  EXPECT_NEAR(found[0], (at(0.5f + h, -1) - at(0.5f - h, -1)) / (2 * h), 1e-2);
  EXPECT_NEAR(found[1], (at(0.5f, -1 + h) - at(0.5f, -1 - h)) / (2 * h), 1e-2);
}

TEST(Engine, GradientOfAGradient) {
  Engine engine = makeEngine();
  Function f = functionOf(engine, "def f(x: f64) = x ** 3\n", "f");
  auto second = f.grad({"x"})->grad({"x"});
  ASSERT_TRUE(second);
  auto result = second->call({Tensor::scalar(2.0)});
  ASSERT_TRUE(result) << result.error().render();
  EXPECT_EQ(values<double>(result->front()), std::vector<double>{12});
}

TEST(Engine, RecordsAreTheirLeavesInOrder) {
  Engine engine = makeEngine();
  Function f = functionOf(engine,
                          "type P[i, o] = { w: float[i, o], b: float[o] }\n"
                          "def f(p: P[i, o], x: float[i]) = (y=x @ p.w + p.b, x=x)\n",
                          "f");
  auto parameters = f.parameters();
  ASSERT_EQ(parameters.size(), 3u);
  EXPECT_EQ(parameters[0].name, "p.w");
  EXPECT_EQ(parameters[0].type, "f32[i, o]");
  EXPECT_EQ(parameters[2].name, "x");
  EXPECT_EQ(parameters[2].type, "float[i]");
  EXPECT_EQ(f.signature(), "f(p: P[i, o], x: float[i]) -> {y: f32[o], x: f32[i]}");
  std::vector<double> w = {1, 2, 3, 4}, b = {1, 1}, x = {1, 1};
  auto result = f.call({Tensor::view(w, {2, 2}), Tensor::view(b, {2}), Tensor::view(x, {2})});
  ASSERT_TRUE(result) << result.error().render();
  ASSERT_EQ(result->size(), 2u);
  EXPECT_EQ(values<double>((*result)[0]), (std::vector<double>{5, 7}));
}

TEST(Engine, SizesAndUntypedParameters) {
  Engine engine = makeEngine();
  Function made = functionOf(engine, "def f(n: dim) -> f32[n] = ones(n)\n", "f");
  auto three = made.call({Tensor::scalar(int64_t(3))}), four = made.call({Tensor::scalar(int64_t(4))});
  ASSERT_TRUE(three && four);
  EXPECT_EQ(three->front().shape()[0], 3);
  EXPECT_EQ(four->front().shape()[0], 4);
  EXPECT_EQ(made.call({Tensor::scalar(1.5f)}).error().code, "E0211");
  Function generic = functionOf(engine, "def f(a, b) = a + b\n", "f");
  auto sum = generic.call({Tensor::scalar(1), Tensor::scalar(2)});
  ASSERT_TRUE(sum) << sum.error().render();
  EXPECT_EQ(values<int32_t>(sum->front()), std::vector<int32_t>{3});
}

TEST(Engine, ArgumentsAreCheckedBeforeAnyWork) {
  Engine engine = makeEngine();
  Function loss = functionOf(engine, lossText, "loss");
  std::vector<float> w(2), x(6), y(3);
  auto missing = loss.call({Tensor::view(w, {2})});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "`loss` takes 3 tensors (w, x, y), this call gives 1");
  auto shape = loss.call({Tensor::view(w, {2}), Tensor::view(x, {2, 3}), Tensor::view(y, {3})});
  ASSERT_FALSE(shape);
  EXPECT_EQ(shape.error().code, "E0205");
  EXPECT_NE(shape.error().message.find("`x` is"), std::string::npos) << shape.error().message;
  std::vector<double> wide(2);
  auto element = loss.call({Tensor::view(wide, {2}), Tensor::view(x, {3, 2}), Tensor::view(y, {3})});
  ASSERT_FALSE(element);
  EXPECT_NE(element.error().message.find("`w` is"), std::string::npos) << element.error().message;
  auto empty = loss.call({Tensor(), Tensor::view(x, {3, 2}), Tensor::view(y, {3})});
  EXPECT_FALSE(empty);
  auto failed = loss.call({Tensor::view(w, {5}), Tensor::view(x, {3, 2}), Tensor::view(y, {3})});
  EXPECT_FALSE(failed) << "a view of the wrong size keeps its error";
}

TEST(Engine, AnIndexOutsideIsAnErrorWithItsPlaceAndTheEngineGoesOn) {
  Engine engine = makeEngine();
  auto module = engine.parse("def f(x: f32[n], i: i32) = x[i]\n", "gather.tds");
  ASSERT_TRUE(module);
  auto f = module->function("f");
  std::vector<float> x = {1, 2, 3};
  auto outside = f->call({Tensor::view(x, {3}), Tensor::scalar(7)});
  ASSERT_FALSE(outside);
  EXPECT_EQ(outside.error().code, "E0704");
  EXPECT_EQ(outside.error().range.text(), "gather.tds:1:28");
  auto inside = f->call({Tensor::view(x, {3}), Tensor::scalar(2)});
  ASSERT_TRUE(inside);
  EXPECT_EQ(values<float>(inside->front()), std::vector<float>{3});
}

TEST(Engine, ErrorsOfAProgramNameTheirPlace) {
  Engine engine = makeEngine();
  auto module = engine.parse("def f(a: f32[4, 8], b: f32[7, 3]) = a @ b\n", "bad.tds");
  ASSERT_FALSE(module);
  EXPECT_EQ(module.error().code, "E0204");
  EXPECT_EQ(module.error().range.text(), "bad.tds:1:37");
  auto good = engine.parse("def loss(x: f32) = x\n");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->function("los").error().help, std::vector<std::string>{"did you mean `loss`?"});
  EXPECT_EQ(good->function("loss")->grad({"y"}).error().code, "E0209");
  EXPECT_FALSE(engine.load("/nowhere/at/all.tds"));
  EXPECT_EQ(Engine::create({.device = "cuda:99"}).error().code, "E0505"); // on a machine with GPUs too
  EXPECT_EQ(Engine::create({.device = "tpu"}).error().code, "E0505");
}

TEST(Engine, TheTextOfADerivativeMeansTheSame) {
  Engine engine = makeEngine();
  Function loss = functionOf(engine, lossText, "loss");
  EXPECT_EQ(*loss.source(), lossText);
  auto gradient = loss.grad({"w"});
  auto text = gradient->source();
  ASSERT_TRUE(text) << text.error().render();
  Function again = functionOf(engine, *text, "loss_grad");
  std::vector<float> w = {0.5f, -1}, x = {1, 2, 3, 4, 5, 6}, y = {1, 0, 1};
  auto arguments = {Tensor::view(w, {2}), Tensor::view(x, {3, 2}), Tensor::view(y, {3})};
  auto a = gradient->call(arguments), b = again.call(arguments);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(values<float>(a->front()), values<float>(b->front())) << *text;
}

TEST(Engine, GradientOfWhatHasNoneIsAnErrorAtTheCall) {
  Engine engine = makeEngine();
  Function f = functionOf(engine, "def f(x: f32[n]) = 2 * x\n", "f");
  auto g = f.grad({"x"});
  ASSERT_TRUE(g);
  std::vector<float> x(3);
  auto result = g->call({Tensor::view(x, {3})});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "E0401");
}

TEST(Engine, ManyThreadsCallOneFunction) {
  Engine engine = makeEngine({.threads = 2});
  Function f = functionOf(engine, "def f(x: f32[n]) = sum(x)\n", "f");
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 1; i <= 20; ++i) {
        std::vector<float> x(size_t(i % 5 + 1), float(t));
        auto result = f.call({Tensor::view(x, {int64_t(x.size())})});
        right += result && values<float>(result->front())[0] == float(t) * float(x.size());
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(right, 80);
}

TEST(Engine, WhatAnEngineMadeOutlivesIt) {
  std::optional<Function> f;
  {
    Engine engine = makeEngine();
    f = functionOf(engine, "def f(x: f32) = x + 1\n", "f");
  }
  auto result = f->call({Tensor::scalar(1.0f)});
  ASSERT_TRUE(result);
  EXPECT_EQ(values<float>(result->front()), std::vector<float>{2});
}

} // namespace
