// Fits a line: the loss is TDS, data and loop are C++.
#include <cstdio>
#include <tds/tds.h>

static int fail(const tds::Error &error) {
  std::fprintf(stderr, "%s", error.render().c_str());
  return 1;
}

int main(int argc, char **argv) {
  auto engine = tds::Engine::create();
  if (!engine)
    return fail(engine.error());
  auto module = engine->load(argc > 1 ? argv[1] : "line.tds");
  if (!module)
    return fail(module.error());
  auto loss = module->function("loss");
  if (!loss)
    return fail(loss.error());
  auto gradient = loss->grad({"w", "b"});
  if (!gradient)
    return fail(gradient.error());
  std::printf("%s\n", loss->signature().c_str());

  // The tensors look at these arrays; nothing is copied.
  float w = 0, b = 0, x[] = {0, 1, 2, 3}, y[] = {1, 3, 5, 7};
  auto tensors = {tds::Tensor::view(std::span(&w, 1), {}), tds::Tensor::view(std::span(&b, 1), {}), tds::Tensor::view(x, {4}),
                  tds::Tensor::view(y, {4})};
  for (int i = 0; i < 500; ++i) {
    auto g = gradient->call(tensors);
    if (!g)
      return fail(g.error());
    w -= 0.1f * g->at(0).read<float>()->front();
    b -= 0.1f * g->at(1).read<float>()->front();
  }
  auto value = loss->call(tensors);
  if (!value)
    return fail(value.error());
  std::printf("w %.2f  b %.2f  loss %.4f\n", w, b, value->front().read<float>()->front());
}
