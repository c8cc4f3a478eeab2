// Code on disk: what is found again, what is not trusted, what goes.
#include "lib/Engine/CodeCache.h"
#include "lib/Engine/Unit.h"
#include "lib/Engine/Workspace.h"
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace tds;
using namespace tds::engine;
namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path = fs::temp_directory_path() / ("tds-cache-test-" + std::to_string(getpid()));
  Folder() { fs::remove_all(path); }
  ~Folder() { fs::remove_all(path); }
  std::vector<fs::path> files() const {
    std::vector<fs::path> out;
    for (auto &entry : fs::directory_iterator(path))
      out.push_back(entry.path());
    return out;
  }
};

Hash keyOf(uint64_t n) { return Hasher().add(n).finish(); }

TEST(CodeCache, FindsWhatWasStored) {
  Folder folder;
  CodeCache cache(folder.path, 1 << 20);
  EXPECT_FALSE(cache.load(keyOf(1)));
  cache.store(keyOf(1), "one");
  cache.store(keyOf(2), std::string(1000, '\0'));
  EXPECT_EQ(cache.load(keyOf(1)), "one");
  EXPECT_EQ(CodeCache(folder.path, 1 << 20).load(keyOf(2)), std::string(1000, '\0'));
}

TEST(CodeCache, DamageAtAnyByteCountsAsMissing) {
  Folder folder;
  CodeCache cache(folder.path, 1 << 20);
  std::string content = "some content of a file";
  cache.store(keyOf(1), content);
  fs::path file = folder.files().at(0);
  std::string bytes;
  {
    std::ifstream in(file, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  auto write = [&](const std::string &text) { std::ofstream(file, std::ios::binary) << text; };
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] ^= 4;
    write(damaged);
    EXPECT_FALSE(cache.load(keyOf(1))) << "byte " << i;
    EXPECT_FALSE(fs::exists(file)) << "a damaged file is dropped";
    write(bytes.substr(0, i));
    EXPECT_FALSE(cache.load(keyOf(1))) << "cut at " << i;
  }
  write(bytes + "x");
  EXPECT_FALSE(cache.load(keyOf(1)));
  write(bytes);
  EXPECT_EQ(cache.load(keyOf(1)), content);
}

TEST(CodeCache, TheLeastUsedGoesBeyondTheLimit) {
  Folder folder;
  CodeCache cache(folder.path, 10000);
  for (uint64_t i = 0; i < 9; ++i) {
    cache.store(keyOf(i), std::string(1000, 'x'));
    for (auto &file : folder.files()) // each an hour older than the next
      fs::last_write_time(file, fs::last_write_time(file) - std::chrono::hours(1));
  }
  EXPECT_TRUE(cache.load(keyOf(0))) << "used: now the youngest";
  cache.store(keyOf(9), std::string(1000, 'x'));
  cache.store(keyOf(10), std::string(1000, 'x'));
  EXPECT_TRUE(cache.load(keyOf(0)));
  EXPECT_TRUE(cache.load(keyOf(10)));
  EXPECT_FALSE(cache.load(keyOf(1)));
  EXPECT_LE(folder.files().size(), 9u);
}

TEST(CodeCache, AFolderThatCantBeMadeIsNoError) {
  CodeCache cache("/proc/nothing/here", 1000);
  cache.store(keyOf(1), "x");
  EXPECT_FALSE(cache.load(keyOf(1)));
}

TEST(Unit, BytesComeBackWhole) {
  Unit unit;
  sema::Type leaf, record;
  leaf.element = Element::i64;
  leaf.weak = true;
  leaf.shape = {Dim(2), Dim(3)};
  record.kind = sema::Type::record;
  record.names = record.fileNames = {"a", "b"};
  record.parts = {leaf, leaf};
  unit.result = std::make_shared<sema::Type>(record);
  unit.results = {{"a", Element::i64, {2, 3}}, {"b", Element::i64, {2, 3}}};
  unit.reads = {3, 0};
  unit.readBytes = {48, 8};
  unit.image = {"// PTX", {{"reduce_0", 7, 256, 3}}};
  unit.places = {{1, 20, 30}};
  unit.arenaBytes = 1234;
  unit.object = {1, 2, 3};
  std::string bytes = unit.serialise();
  auto back = Unit::deserialise(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(typeKey(*back->result), typeKey(record));
  EXPECT_EQ(back->readBytes, unit.readBytes);
  ASSERT_EQ(back->image.kernels.size(), 1u);
  EXPECT_EQ(back->image.kernels[0].name, "reduce_0");
  EXPECT_EQ(back->image.kernels[0].grid, 7);
  EXPECT_EQ(back->image.ptx, "// PTX");
  EXPECT_EQ(back->results[1].shape, (Shape{2, 3}));
  EXPECT_EQ(back->reads, unit.reads);
  EXPECT_EQ(back->places, unit.places);
  EXPECT_EQ(back->object, unit.object);
  for (size_t i = 0; i < bytes.size(); ++i)
    EXPECT_FALSE(Unit::deserialise(std::string_view(bytes).substr(0, i))) << i;
  EXPECT_FALSE(Unit::deserialise(bytes + "x"));
}

/// How often the compiler ran for a call of `f` in an engine of its own.
uint64_t compilations(const fs::path &cache, const char *source, const Tensor &x) {
  Options options;
  options.cache = cache;
  auto engine = EngineImpl::create(options);
  Workspace workspace(*engine);
  const sema::Module *module = workspace.parse("test", source);
  sema::Type type;
  type.element = x.element();
  type.shape.assign(x.shape().begin(), x.shape().end());
  Piece piece;
  piece.name = "f";
  piece.inputs = {{"x", type, std::nullopt}};
  piece.elaborate = [&](sema::Program &program, const std::vector<sema::Input> &inputs) {
    return sema::instantiate(program, *module, *module->defs.at("f"), inputs);
  };
  auto unit = workspace.unit(piece);
  EXPECT_TRUE(unit) << workspace.program.diagnostics().renderAll();
  return (*engine)->times.counts[Times::compile];
}

TEST(Workspace, CodeIsKeptByTextAndTypes) {
  Folder folder;
  std::vector<float> x(4);
  const char *source = "def f(x: f32[n]) = x + 1\n";
  EXPECT_EQ(compilations(folder.path, source, Tensor::view(x, {4})), 1u);
  EXPECT_EQ(compilations(folder.path, source, Tensor::view(x, {4})), 0u);
  EXPECT_EQ(compilations(folder.path, source, Tensor::view(std::span(x).first(3), {3})), 1u);
  EXPECT_EQ(compilations(folder.path, "def f(x: f32[n]) = x + 2\n", Tensor::view(x, {4})), 1u);
}

} // namespace
