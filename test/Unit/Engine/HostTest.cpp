// `extern def`: functions of the host behind compiled code.
#include <cmath>
#include <gtest/gtest.h>
#include <tds/engine.h>

using namespace tds;

namespace {

using Tensors = Result<std::vector<Tensor>>;

constexpr const char *text = R"(extern def hypot2(x: f32[n], y: f32[n]) -> f32[n]
def twice(x: f32[n]) = 2 * hypot2(x, x)
def rows(x: f32[m, n]) = [i] => hypot2(x[i], 2 * x[i])
def loop(x: f32[n]) {
  for t in 0..3 { x = hypot2(x, x) }
  x
}
extern def cube(x: f32[n]) -> f32[n]
vjp cube(x, dy) = 3 * x ** 2 * dy
def total(x: f32[n]) = sum(cube(2 * x))
extern def parts(p: { w: f64[n], b: i32 }, k: dim, c: bool) -> (f64[n], { s: i64[2], b: bool })
def use(p: { w: f64[n], b: i32 }) {
  v, r = parts(p, 3, true)
  (v + p.w, r.s, r.b)
}
def some(x: f32[m, n]) = [i] => if x[i, 0] > 0 then sum(cube(x[i])) else 0
def steps(x: f32[m, 1]) = [i] => {
  y = x[i]
  while y[0] < 100 { y = cube(y) + 1 }
  y[0]
}
def cell(x: f32[n], c: bool) {
  if c { x = cube(x) }
  x
}
)";

struct Host : testing::Test {
  Engine engine = Engine::create().take();
  Module module = engine.parse(text, "host.tds").take();
  int calls = 0;

  void SetUp() override {
    ASSERT_TRUE(engine.define("hypot2", [&](std::span<const Tensor> a) -> Tensors {
      ++calls;
      auto x = *a[0].read<float>(), y = *a[1].read<float>();
      std::vector<float> z;
      for (size_t i = 0; i < x.size(); ++i)
        z.push_back(x[i] * x[i] + y[i] * y[i]);
      return std::vector{Tensor::copy(z, {int64_t(z.size())})};
    }));
    ASSERT_TRUE(engine.define("cube", [&](std::span<const Tensor> a) -> Tensors {
      ++calls;
      std::vector<float> y;
      for (float x : *a[0].read<float>())
        y.push_back(x * x * x);
      return std::vector{Tensor::copy(y, {int64_t(y.size())})};
    }));
  }
  Tensors call(const char *name, std::vector<Tensor> arguments) { return module.function(name)->call(arguments); }
  std::vector<float> values(const char *name, std::vector<Tensor> arguments) {
    Tensors result = call(name, std::move(arguments));
    EXPECT_TRUE(result) << result.error().render();
    auto span = result->front().read<float>();
    return {span->begin(), span->end()};
  }
};

using Floats = std::vector<float>;
const Tensor x12 = Tensor::copy(Floats{1, 2}, {2});

TEST_F(Host, IsCalledFromADefAndByItself) {
  EXPECT_EQ(values("twice", {x12}), (Floats{4, 16}));
  EXPECT_EQ(values("hypot2", {x12, x12}), (Floats{2, 8}));
}

TEST_F(Host, IsCalledOnceForEachElementUnderAnIndex) {
  EXPECT_EQ(values("rows", {Tensor::copy(Floats{1, 2, 3, 4, 5, 6}, {3, 2})}), (Floats{5, 20, 45, 80, 125, 180}));
  EXPECT_EQ(calls, 3);
}

TEST_F(Host, IsCalledInEachRoundOfALoop) {
  EXPECT_EQ(values("loop", {x12}), (Floats{128, 32768}));
  EXPECT_EQ(calls, 3);
}

TEST_F(Host, IsNotCalledOnTheSideNotTaken) {
  EXPECT_EQ(values("cell", {x12, Tensor::scalar(false)}), (Floats{1, 2}));
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(values("cell", {x12, Tensor::scalar(true)}), (Floats{1, 8}));
}

TEST_F(Host, UnderAnIndexIsCalledForTheElementsThatTakeTheBranch) {
  Tensor x = Tensor::copy(Floats{1, 2, -1, 5, 2, 0}, {3, 2});
  EXPECT_EQ(values("some", {x}), (Floats{9, 0, 8}));
  EXPECT_EQ(calls, 2);
  calls = 0; // 0 1 2 9 730, 3 28 21953, 200
  EXPECT_EQ(values("steps", {Tensor::copy(Floats{0, 3, 200}, {3, 1})}), (Floats{730, 21953, 200}));
  EXPECT_EQ(calls, 6);
}

TEST_F(Host, HasTheDerivativeThatAVjpGivesIt) {
  auto gradient = module.function("total")->grad({"x"});
  ASSERT_TRUE(gradient) << gradient.error().render();
  auto g = gradient->call({x12});
  ASSERT_TRUE(g) << g.error().render();
  EXPECT_EQ((*g->front().read<float>())[0], 24);
  EXPECT_EQ((*g->front().read<float>())[1], 96);
}

TEST_F(Host, WithoutOneIsRefusedInADerivative) {
  auto gradient = engine
                      .parse("extern def hypot2(x: f32[n], y: f32[n]) -> f32[n]\n"
                             "def f(x: f32[n]) = sum(hypot2(x, x))\n",
                             "f.tds")
                      ->function("f")
                      ->grad({"x"});
  auto g = gradient->call({x12});
  ASSERT_FALSE(g);
  EXPECT_EQ(g.error().code, "E0402") << g.error().render();
  EXPECT_EQ(g.error().range.line, 2u);
}

TEST_F(Host, TakesRecordsAsLeavesAndGivesSeveralResults) {
  ASSERT_TRUE(engine.define("parts", [](std::span<const Tensor> a) -> Tensors {
    EXPECT_EQ(a.size(), 4u);
    EXPECT_EQ(a[0].type() + " " + a[1].type() + " " + a[2].type() + " " + a[3].type(), "f64[2] i32 i64 bool");
    EXPECT_EQ((*a[2].read<int64_t>())[0], 3);
    EXPECT_TRUE((*a[3].read<bool>())[0]);
    return std::vector{a[0], Tensor::copy(std::vector<int64_t>{5, 6}, {2}), Tensor::scalar(true)};
  }));
  auto r = call("use", {Tensor::copy(std::vector<double>{1, 2}, {2}), Tensor::scalar(int32_t(7))});
  ASSERT_TRUE(r) << r.error().render();
  EXPECT_EQ((*(*r)[0].read<double>())[1], 4);
  EXPECT_EQ((*(*r)[1].read<int64_t>())[1], 6);
  EXPECT_TRUE((*(*r)[2].read<bool>())[0]);
}

TEST_F(Host, WhatIsNotBoundIsAnErrorWithItsPlace) {
  Engine bare = Engine::create().take();
  auto r = bare.parse(text, "host.tds")->function("twice")->call({x12});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, "E0707");
  EXPECT_EQ(r.error().message, "no function is bound to the `extern def` `hypot2`");
  EXPECT_EQ(r.error().range.text(), "host.tds:2:28");
}

TEST_F(Host, ResultsOfOtherTypesAreErrors) {
  auto gives = [&](std::vector<Tensor> results) {
    EXPECT_TRUE(engine.define("hypot2", [=](std::span<const Tensor>) -> Tensors { return results; }));
    auto r = call("twice", {x12});
    EXPECT_FALSE(r);
    EXPECT_EQ(r.error().range.text(), "host.tds:2:28");
    return r.error().message;
  };
  EXPECT_EQ(gives({}), "`hypot2` failed: the result is nothing, expected f32[2]");
  EXPECT_EQ(gives({Tensor::copy(Floats{1, 2, 3}, {3})}), "`hypot2` failed: the result is f32[3], expected f32[2]");
  EXPECT_EQ(gives({Tensor::copy(std::vector<double>{1, 2}, {2})}),
            "`hypot2` failed: the result is f64[2], expected f32[2]");
  EXPECT_EQ(gives({x12, x12}), "`hypot2` failed: the result is f32[2], f32[2], expected f32[2]");
  EXPECT_EQ(gives({Tensor()}), "`hypot2` failed: result 1 holds nothing, expected f32[2]");
}

TEST_F(Host, AFailingFunctionFailsTheCallAndNoMore) {
  ASSERT_TRUE(
      engine.define("hypot2", [](std::span<const Tensor>) -> Tensors { return Error{"", "no line", {}, {}, {}}; }));
  auto r = call("rows", {Tensor::copy(Floats{1, 2}, {2, 1})});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().message, "`hypot2` failed: no line");
  SetUp();
  EXPECT_EQ(values("twice", {x12}), (Floats{4, 16}));
  EXPECT_EQ(engine.define("hypot2", nullptr).error().code, "E0707");
}

TEST(HostLibrary, MissingOnesAreErrors) {
  auto engine = Engine::create({.libraries = {"/nowhere/libnone.so"}});
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code, "E0707");
  EXPECT_TRUE(engine.error().message.starts_with("the library `/nowhere/libnone.so` can't be opened: "));
}

} // namespace
