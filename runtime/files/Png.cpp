//===- runtime/files/Png.cpp - pictures -----------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/AtomicFile.h"
#include "runtime/Files.h"
#include "runtime/files/Reader.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <png.h>

namespace tds::rt {

/// Leaves a file's pixels, palette and transparency alone. libpng would convert by what it says of its colour space, and the
/// numbers are wanted as stored; texts and the like it would read whole, as long as they say they are. False if a chunk
/// goes beyond the end.
static bool keepPixels(std::vector<std::byte> &file) {
  size_t from = 8, to = 8; // behind the signature; a chunk is length, name, data, checksum
  bool inside = true;
  while (file.size() >= 12 && from <= file.size() - 12) {
    auto at = [&](size_t i) { return size_t(file[from + i]); };
    size_t length = at(0) << 24 | at(1) << 16 | at(2) << 8 | at(3);
    inside = length <= file.size() - from - 12;
    if (!inside)
      break;
    std::string_view name(reinterpret_cast<const char *>(&file[from + 4]), 4);
    if (name == "IHDR" || name == "PLTE" || name == "tRNS" || name == "IDAT" || name == "IEND") {
      std::memmove(&file[to], &file[from], length + 12);
      to += length + 12;
    }
    from += length + 12;
  }
  file.resize(std::min(to, file.size()));
  return inside;
}

/// libpng's simplified interface: it converts what the file holds to bytes, and reports instead of jumping.
static Result<Tensor> decode(const Source &source) {
  std::vector<std::byte> file(source.size());
  if (Status read = source.read(0, file.data(), file.size()); !read)
    return read.takeError();
  if (!keepPixels(file))
    return source.damaged("a part of it is said to go beyond its end");
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_memory(&image, file.data(), file.size()))
    return source.damaged(image.message);
  bool alpha = image.format & PNG_FORMAT_FLAG_ALPHA, color = image.format & PNG_FORMAT_FLAG_COLOR;
  image.format = alpha ? PNG_FORMAT_RGBA : color ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB; // else 16 bits are taken for linear light, and converted
  int64_t channels = alpha ? 4 : color ? 3 : 1;
  // Deflate makes at most 1032 bytes of one, 8 pixels each: a header that says more lies, and asks for memory.
  if (uint64_t(image.width) * image.height > uint64_t(file.size()) * 1032 * 8) {
    png_image_free(&image);
    return source.damaged("its size is more than its bytes can hold");
  }
  Shape shape{int64_t(image.height), int64_t(image.width)};
  if (channels > 1)
    shape.push_back(channels);
  Result<Tensor> tensor = Tensor::allocate(Element::u8, shape);
  if (!tensor) {
    png_image_free(&image);
    return tensor;
  }
  if (!png_image_finish_read(&image, nullptr, tensor->writable(), 0, nullptr))
    return source.damaged(image.message);
  return tensor;
}

Result<Tensor> loadPng(const std::filesystem::path &path) {
  auto source = Source::open(path);
  return source ? decode(**source) : source.takeError();
}

Result<Tensor> readPng(std::span<const std::byte> bytes, const std::string &name) { return decode(*Source::memory(bytes, name)); }

Status savePng(const std::filesystem::path &path, const Tensor &tensor) {
  auto shape = tensor.shape();
  int64_t channels = shape.size() == 3 ? shape[2] : 1;
  if (shape.size() < 2 || shape.size() > 3 || (channels != 1 && channels != 3 && channels != 4) || shape[0] == 0 || shape[1] == 0)
    return makeError(code::FileKind, "a png is [height, width], or these by 3 or 4 channels; this is " + tensor.type());
  std::vector<uint8_t> pixels(size_t(shape[0] * shape[1] * channels));
  auto quantise = [](double x) { return uint8_t(std::lround(255 * (x > 0 ? std::fmin(x, 1) : 0))); }; // nan is 0
  if (auto bytes = tensor.read<uint8_t>())
    std::copy(bytes->begin(), bytes->end(), pixels.begin());
  else if (auto floats = tensor.read<float>())
    std::transform(floats->begin(), floats->end(), pixels.begin(), quantise);
  else if (auto doubles = tensor.read<double>())
    std::transform(doubles->begin(), doubles->end(), pixels.begin(), quantise);
  else
    return makeError(code::FileKind, "a png takes u8, or f32 from 0 to 1; this is " + tensor.type(), {"convert it: `f32(x)`"});
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.height = png_uint_32(shape[0]);
  image.width = png_uint_32(shape[1]);
  image.format = channels == 4 ? PNG_FORMAT_RGBA : channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png_alloc_size_t size = 0;
  if (!png_image_write_to_memory(&image, nullptr, &size, 0, pixels.data(), 0, nullptr))
    return makeError(code::FileAccess, "`" + path.string() + "` cannot be written: " + image.message);
  std::vector<std::byte> file(size);
  if (!png_image_write_to_memory(&image, file.data(), &size, 0, pixels.data(), 0, nullptr))
    return makeError(code::FileAccess, "`" + path.string() + "` cannot be written: " + image.message);
  return atomicWrite(path, std::span(file).first(size));
}

} // namespace tds::rt
