//===- Runtime/FilesTest.cpp - tensors in files -------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include <cstring>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "runtime/AtomicFile.h"
#include "runtime/Files.h"
#include "test/Unit/Runtime/FileBytes.h"
#include "test/Unit/Runtime/NumpyFiles.h"

using namespace tds;
using namespace tds::rt;

namespace {

std::string npy(const std::string &header, const std::string &data) {
  std::string out("\x93NUMPY\x01\x00", 8);
  out += char(header.size() & 255);
  out += char(header.size() >> 8);
  return out + header + data;
}

std::string npyError(const std::string &header, const std::string &data) {
  Result<Tensor> tensor = readNpy(bytesOf(npy(header, data)), "a.npy");
  return tensor ? "loaded " + tensor->type() : tensor.error().message;
}

std::string safetensorsOf(const std::string &header, const std::string &data) {
  uint64_t length = header.size();
  return std::string(reinterpret_cast<const char *>(&length), 8) + header + data;
}

std::string safetensorsError(const std::string &header, const std::string &data) {
  Result<NamedTensors> tensors = readSafetensors(bytesOf(safetensorsOf(header, data)), "a.st");
  return tensors ? "loaded" : tensors.error().message;
}

/// A folder that goes with the test.
class FilesTest : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tds-files-XXXXXX").string();
    folder = mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::string contents(const std::string &name) const {
    std::ifstream in(folder / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  int64_t filesInFolder() const {
    return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
  }
  std::filesystem::path folder;
};

bool same(const Tensor &a, const Tensor &b) {
  return a.type() == b.type() && std::memcmp(a.data(), b.data(), size_t(a.sizeInBytes())) == 0;
}

/// A tensor of each element, of several shapes.
NamedTensors everyElement() {
  NamedTensors out;
  for (int e = 0; e < numElements; ++e)
    for (const Shape &shape : {Shape{}, Shape{5}, Shape{2, 3}, Shape{2, 0, 3}}) {
      Tensor tensor = *Tensor::allocate(Element(e), shape);
      auto *bytes = static_cast<unsigned char *>(tensor.writable());
      for (int64_t i = 0; i < tensor.sizeInBytes(); ++i)
        bytes[i] = Element(e) == Element::boolean ? i % 2 : (unsigned char)(i * 37 + e);
      out.entries.emplace_back(std::string(elementName(Element(e))) + "." + std::to_string(out.entries.size()), tensor);
    }
  return out;
}

NamedTensors without(NamedTensors tensors, std::initializer_list<Element> elements) {
  std::erase_if(tensors.entries, [&](const auto &entry) {
    return std::find(elements.begin(), elements.end(), entry.second.element()) != elements.end();
  });
  return tensors;
}

void expectSame(const Result<NamedTensors> &loaded, const NamedTensors &saved) {
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->entries.size(), saved.entries.size());
  for (const auto &[name, tensor] : saved.entries) {
    const Tensor *found = loaded->find(name);
    ASSERT_TRUE(found) << name;
    EXPECT_TRUE(same(*found, tensor)) << name;
  }
}

} // namespace

TEST_F(FilesTest, NpyIsReadBack) {
  for (const auto &[name, tensor] : without(everyElement(), {Element::bf16, Element::key}).entries) {
    ASSERT_TRUE(saveNpy(folder / "x.npy", tensor));
    Result<Tensor> back = loadNpy(folder / "x.npy");
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_TRUE(same(*back, tensor)) << name;
  }
  EXPECT_EQ(filesInFolder(), 1);
}

TEST_F(FilesTest, NpzIsReadBackAndAlwaysTheSameBytes) {
  NamedTensors tensors = without(everyElement(), {Element::bf16, Element::key});
  ASSERT_TRUE(saveNpz(folder / "x.npz", tensors));
  ASSERT_TRUE(saveNpz(folder / "y.npz", tensors));
  EXPECT_EQ(contents("x.npz"), contents("y.npz"));
  Result<NamedTensors> back = loadNpz(folder / "x.npz");
  expectSame(back, tensors);
  EXPECT_EQ(back->entries[0].first, tensors.entries[0].first);
  ASSERT_TRUE(saveNpz(folder / "x.npz", {}));
  expectSame(loadNpz(folder / "x.npz"), {});
}

TEST_F(FilesTest, SafetensorsAreReadBack) {
  NamedTensors tensors = without(everyElement(), {Element::c128, Element::key});
  ASSERT_TRUE(saveSafetensors(folder / "x.safetensors", tensors));
  expectSame(loadSafetensors(folder / "x.safetensors"), tensors);
  ASSERT_TRUE(saveSafetensors(folder / "x.safetensors", {}));
  expectSame(loadSafetensors(folder / "x.safetensors"), {});
}

TEST_F(FilesTest, ElementsThatAFormatLacksAreRefusedByName) {
  Tensor key = Tensor::scalar(uint64_t(1)), narrow = Tensor::scalar(BFloat{0}),
         wide = Tensor::scalar(std::complex<double>());
  EXPECT_EQ(saveNpy("x.npy", key).error().message, "`x.npy` cannot be saved: NumPy has no type for `key`");
  EXPECT_EQ(saveNpy("x.npy", narrow).error().help[0], "save as safetensors, or as `f32(x)`");
  EXPECT_EQ(saveSafetensors("x.st", {{{"w", wide}}}).error().message,
            "`w` in `x.st` cannot be saved: safetensors has no type for `c128`");
  EXPECT_FALSE(saveNpz(folder / "x.npz", {{{"a", wide}, {"k", key}}}));
  EXPECT_EQ(filesInFolder(), 0);
  EXPECT_FALSE(saveSafetensors(folder / "x.st", {{{"a", narrow}, {"a", narrow}}}));
  EXPECT_FALSE(saveNpy(folder / "x.npy", Tensor::failed({}, Element::f32, {2})));
}

TEST_F(FilesTest, MissingFilesAndFoldersAreErrors) {
  Result<Tensor> none = loadNpy(folder / "none.npy");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, "E0601");
  EXPECT_EQ(none.error().message, "`" + (folder / "none.npy").string() + "` cannot be read: No such file or directory");
  EXPECT_FALSE(loadNpz(folder));
  EXPECT_FALSE(loadSafetensors("/dev/zero"));
  EXPECT_FALSE(saveNpy(folder / "none" / "x.npy", Tensor::scalar(1.0f)));
}

TEST_F(FilesTest, AtomicFileReplacesAtCommitAlone) {
  ASSERT_TRUE(atomicWrite(folder / "x", bytesOf("old")));
  {
    auto file = AtomicFile::create(folder / "x");
    ASSERT_TRUE(file && file->write(std::string("new")));
    EXPECT_EQ(contents("x"), "old");
  }
  EXPECT_EQ(contents("x"), "old");
  EXPECT_EQ(filesInFolder(), 1);
  {
    auto file = AtomicFile::create(folder / "x");
    ASSERT_TRUE(file && file->write(std::string("new")) && file->write(std::string("er")) && file->commit());
  }
  EXPECT_EQ(contents("x"), "newer");
  struct stat facts;
  ASSERT_EQ(stat((folder / "x").c_str(), &facts), 0);
  mode_t mask = umask(0);
  umask(mask);
  EXPECT_EQ(facts.st_mode & 0777, 0666 & ~mask);
}

TEST(Npy, FortranOrderIsTurned) {
  Result<Tensor> tensor = readNpy(bytesOf(fromHex(fortranNpy)), "a");
  ASSERT_TRUE(tensor) << tensor.error().message;
  EXPECT_TRUE(same(*tensor, Tensor::copy(std::vector<float>{0, 1, 2, 3, 4, 5}, {2, 3})));
  std::string cube;
  for (int k = 0; k < 4; ++k)
    for (int j = 0; j < 3; ++j)
      for (int i = 0; i < 2; ++i)
        cube += char(i * 12 + j * 4 + k);
  tensor = readNpy(bytesOf(npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 4)}", cube)), "a");
  ASSERT_TRUE(tensor);
  for (uint8_t i = 0; i < 24; ++i)
    EXPECT_EQ((*tensor->read<uint8_t>())[i], i);
}

TEST(Npy, BoolsAreZeroOrOne) {
  Result<Tensor> tensor =
      readNpy(bytesOf(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}", std::string("\x02\x00", 2))), "a");
  ASSERT_TRUE(tensor);
  EXPECT_EQ(static_cast<const unsigned char *>(tensor->data())[0], 1);
}

TEST(Npy, TypesWithoutATensorAreRefusedByName) {
  auto typeError = [](const std::string &descr) {
    return npyError("{'descr': " + descr + ", 'fortran_order': False, 'shape': (1,)}", "12345678");
  };
  EXPECT_EQ(typeError("'>f8'"), "`a.npy` cannot be loaded: holds `>f8`, big-endian numbers");
  EXPECT_EQ(typeError("'<u4'"), "`a.npy` cannot be loaded: holds `<u4`, unsigned integers other than u8");
  EXPECT_EQ(typeError("'|O'"), "`a.npy` cannot be loaded: holds `|O`, Python objects");
  EXPECT_EQ(typeError("'<U2'"), "`a.npy` cannot be loaded: holds `<U2`, strings");
  EXPECT_EQ(typeError("'<M8[ns]'"), "`a.npy` cannot be loaded: holds `<M8[ns]`, a type that TDS does not have");
  EXPECT_EQ(typeError("[('x', '<f4'), ('y', '<f4', (2,))]"),
            "`a.npy` cannot be loaded: holds records of several fields");
  EXPECT_EQ(typeError("'<f8'"), "loaded f64[1]");
}

TEST(Npy, HeadersThatLieAreErrors) {
  auto shapeError = [](const std::string &shape) {
    return npyError("{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + "}", "12345678");
  };
  EXPECT_EQ(shapeError("()"), "loaded f64");
  EXPECT_EQ(shapeError("(1L,)"), "loaded f64[1]");
  EXPECT_EQ(shapeError("(2,)"), "`a.npy` is damaged: its header says `f64[2]`, but 8 bytes of elements follow");
  EXPECT_EQ(shapeError("(0,)"), "`a.npy` is damaged: its header says `f64[0]`, but 8 bytes of elements follow");
  EXPECT_EQ(shapeError("(9223372036854775807, 9223372036854775807)").substr(0, 24), "`a.npy` is damaged: its ");
  for (const char *shape : {"(-1,)", "(99999999999999999999,)", "1", "(1", "(1 1)", "[1]", "(1.0,)", "", "(,)"})
    EXPECT_EQ(shapeError(shape), "`a.npy` is damaged: its header has a `shape` that is not a tuple of sizes") << shape;
  EXPECT_EQ(npyError("{'descr': '<f8'}", ""),
            "`a.npy` is damaged: its header lacks one of `descr`, `fortran_order` and `shape`");
  EXPECT_EQ(npyError("{'descr': '<f8', 'descr': '<f8'}", ""),
            "`a.npy` is damaged: its header has the key `descr`, or has it twice");
  EXPECT_EQ(npyError("", ""), "`a.npy` is damaged: its header is not a dictionary");
  EXPECT_EQ(readNpy(bytesOf("hello"), "a.npy").error().message,
            "`a.npy` is damaged: it has 5 bytes where 8 are expected");
  EXPECT_EQ(readNpy(bytesOf("PK345678"), "a.npy").error().message,
            "`a.npy` is damaged: it does not start as an npy file does");
}

TEST(Npy, DamagedFilesAreErrors) { tryDamaged(fromHex(fortranNpy), readNpy); }

TEST(Npz, NumpysFilesAreRead) {
  Result<NamedTensors> stored = readNpz(bytesOf(fromHex(storedNpz)), "a");
  expectSame(stored, {{{"a", Tensor::copy(std::vector<int16_t>{1, 2}, {2})}}});
  std::vector<double> numbers;
  for (int i = 0; i < 2000; ++i)
    numbers.push_back(i);
  expectSame(readNpz(bytesOf(fromHex(deflatedNpz)), "a"),
             {{{"x", Tensor::copy(numbers, {40, 50})}, {"y", Tensor::scalar(true)}}});
}

TEST(Npz, DamagedFilesAreErrors) {
  tryDamaged(fromHex(storedNpz), readNpz);
  // A flipped bit in the data is found by the checksum.
  std::string bytes = fromHex(storedNpz);
  bytes[bytes.find("\n") + 1] ^= 1;
  EXPECT_EQ(readNpz(bytesOf(bytes), "a.npz").error().message,
            "`a.npz` is damaged: the checksum of `a.npy` does not fit its data");
  std::string deflated = fromHex(deflatedNpz);
  for (size_t i = 0; i < deflated.size(); i += 3) {
    std::string other = deflated;
    other[i] = char(~other[i]);
    if (auto result = readNpz(bytesOf(other), "a"); !result)
      EXPECT_FALSE(result.error().message.empty());
  }
}

TEST(Npz, ArchivesOfAnotherKindAreRefused) {
  // Of the stored archive's directory, some fields: flags at 8, method at 10, size at 24.
  std::string bytes = fromHex(storedNpz);
  size_t entry = bytes.find("PK\x01\x02"), end = bytes.find("PK\x05\x06");
  auto changed = [&](size_t at, const std::string &to) {
    Result<NamedTensors> result = readNpz(bytesOf(std::string(bytes).replace(at, to.size(), to)), "a.npz");
    return result ? "loaded" : result.error().message;
  };
  EXPECT_EQ(changed(entry + 8, "\x01"), "`a.npz` cannot be loaded: `a.npy` is encrypted");
  EXPECT_EQ(changed(entry + 10, "\x0e"),
            "`a.npz` cannot be loaded: `a.npy` is compressed by method 14, known are 0 (stored) and 8 (deflate)");
  EXPECT_EQ(changed(entry + 24, "\xff\xff\xff\xff"), "`a.npz` cannot be loaded: `a.npy` has 4 GiB or more (zip64)");
  EXPECT_EQ(changed(entry + 46, "a.txt"), "`a.npz` cannot be loaded: `a.txt` in it is not an array (.npy)");
  EXPECT_EQ(changed(end + 10, "\xff\xff"),
            "`a.npz` cannot be loaded: it is a zip64 archive, of 4 GiB or 65535 arrays and more");
  EXPECT_EQ(changed(end + 10, "\x02"), "`a.npz` is damaged: its directory breaks off after 1 entries");
  EXPECT_EQ(changed(entry + 24, "\xff\xff\xff\x7f"), "`a.npz` is damaged: `a.npy` is stored, but has two sizes");
  EXPECT_EQ(readNpz({}, "a.npz").error().message,
            "`a.npz` is damaged: it has no directory, as a zip archive has at its end");
}

TEST(Npz, SizesThatNothingInflatesToAreNotAllocated) {
  std::string bytes = fromHex(deflatedNpz);
  size_t entry = bytes.find("PK\x01\x02");
  bytes.replace(entry + 24, 4, "\xff\xff\xff\x7f");
  EXPECT_EQ(readNpz(bytesOf(bytes), "a.npz").error().message,
            "`a.npz` is damaged: `x.npy` is said to inflate to 2147483647 bytes");
}

TEST(Safetensors, TheLibrarysFilesAreRead) {
  Result<NamedTensors> tensors = readSafetensors(bytesOf(fromHex(safetensors)), "a");
  expectSame(tensors, {{{"w", Tensor::copy(std::vector<Half>{{0x3c00}, {0x4000}, {0x4200}}, {1, 3})},
                        {"n", Tensor::scalar(int64_t(7))}}});
}

TEST(Safetensors, DamagedFilesAreErrors) { tryDamaged(fromHex(safetensors), readSafetensors); }

TEST(Safetensors, HeadersThatLieAreErrors) {
  auto entry = [](const std::string &facts) { return "{\"w\":" + facts + "}"; };
  EXPECT_EQ(safetensorsError(entry(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})"), "12345678"), "loaded");
  EXPECT_EQ(safetensorsError(entry(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})"), "12345678"),
            "`a.st` is damaged: `w` is `f32[3]`, but has 8 bytes");
  EXPECT_EQ(safetensorsError(entry(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})"), "1234"),
            "`a.st` is damaged: its tensors have 8 bytes, but 4 follow the header");
  EXPECT_EQ(safetensorsError(entry(R"({"dtype":"F32","shape":[1],"data_offsets":[4,8]})"), "12345678"),
            "`a.st` is damaged: `w` starts at byte 4 of the data, where byte 0 is expected");
  EXPECT_EQ(safetensorsError(entry(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})"), ""),
            "`a.st` is damaged: `w` has no `shape` of sizes");
  EXPECT_EQ(safetensorsError(entry(R"({"dtype":"F32","shape":[1.5],"data_offsets":[0,8]})"), ""),
            "`a.st` is damaged: `w` has no `shape` of sizes");
  EXPECT_EQ(safetensorsError(entry(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})"), ""),
            "`a.st` is damaged: `w` has no `data_offsets` of two ascending places");
  EXPECT_EQ(safetensorsError(entry(R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]})"), "")
                .substr(0, 22),
            "`a.st` is damaged: `w`");
  EXPECT_EQ(safetensorsError(entry(R"({"dtype":3})"), ""), "`a.st` is damaged: `w` has no `dtype`");
  EXPECT_EQ(safetensorsError(entry("[]"), ""), "`a.st` is damaged: its header has no object for `w`");
  EXPECT_EQ(safetensorsError("[]", ""), "`a.st` is damaged: its header is not JSON of the format");
  EXPECT_EQ(safetensorsError("{", ""), "`a.st` is damaged: its header is not JSON of the format");
  EXPECT_EQ(safetensorsError(std::string(1 << 20, '['), ""), "`a.st` is damaged: its header is not JSON of the format");
  EXPECT_EQ(safetensorsError(entry(R"({"dtype":"U32","shape":[2],"data_offsets":[0,8]})"), "12345678"),
            "`a.st` cannot be loaded: `w` holds `U32`, unsigned integers other than u8");
  EXPECT_EQ(safetensorsError(entry(R"({"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]})"), "12345678"),
            "`a.st` cannot be loaded: `w` holds `F8_E4M3`, a type that TDS does not have");
  EXPECT_EQ(readSafetensors(bytesOf(std::string(8, '\xff')), "a.st").error().message,
            "`a.st` is damaged: its header is said to have 18446744073709551615 bytes");
}
