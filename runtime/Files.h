//===- runtime/Files.h - tensors in files ---------------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <tds/tensor.h>

namespace tds::rt {

/// The tensors of a file that holds several, in the order of their bytes. A stored record is one, its leaves named by
/// their paths.
struct NamedTensors {
  std::vector<std::pair<std::string, Tensor>> entries;

  const Tensor *find(std::string_view name) const {
    for (const auto &[key, tensor] : entries)
      if (key == name)
        return &tensor;
    return nullptr;
  }
};

/// NumPy's npy and npz and the safetensors format. The files may come from anywhere: an Error names the file and what
/// is wrong with it, and no memory is asked for beyond what the size of the file accounts for. Elements:
///   npy, npz      |b1 |i1 |u1 <i2 <i4 <i8 <f2 <f4 <f8 <c8 <c16; in either memory order
///   safetensors   BOOL I8 U8 I16 I32 I64 F16 BF16 F32 F64 C64
/// Others are refused by name, as are big-endian numbers, encrypted or zip64 archives, and archives that hold what is
/// no array.
Result<Tensor> loadNpy(const std::filesystem::path &path);
Result<NamedTensors> loadNpz(const std::filesystem::path &path);
Result<NamedTensors> loadSafetensors(const std::filesystem::path &path);

/// The same for bytes in memory; `name` stands for the file in messages. The tensors do not borrow the bytes.
Result<Tensor> readNpy(std::span<const std::byte> bytes, const std::string &name);
Result<NamedTensors> readNpz(std::span<const std::byte> bytes, const std::string &name);
Result<NamedTensors> readSafetensors(std::span<const std::byte> bytes, const std::string &name);

/// Whole or not at all (AtomicFile). The same tensors give the same bytes. npz is stored without compression, below 4
/// GiB. `key` is in no format's elements; bf16 is in safetensors alone, c128 in npy and npz alone: an Error says so.
Status saveNpy(const std::filesystem::path &path, const Tensor &tensor);
Status saveNpz(const std::filesystem::path &path, const NamedTensors &tensors);
Status saveSafetensors(const std::filesystem::path &path, const NamedTensors &tensors);

/// Pictures: u8[height, width], with a last dimension of 3 for colour and of 4 with alpha; other depths and palettes are
/// converted, a colour space is not looked at. Saved are u8, or f32 and f64 from 0 to 1 (clamped, nan is 0).
Result<Tensor> loadPng(const std::filesystem::path &path);
Result<Tensor> readPng(std::span<const std::byte> bytes, const std::string &name);
Status savePng(const std::filesystem::path &path, const Tensor &tensor);

/// Tables: f32[rows, columns]. A first line without a number names columns and is passed over, empty lines are too.
/// Saved are f32, f64, i32 and i64 of one dimension (a number a line) or two.
Result<Tensor> loadCsv(const std::filesystem::path &path);
Result<Tensor> readCsv(std::span<const std::byte> bytes, const std::string &name);
Status saveCsv(const std::filesystem::path &path, const Tensor &tensor);

} // namespace tds::rt
