#include "lib/Engine/Unit.h"
#include "llvm/ADT/SmallVector.h"
#include <cstring>

using namespace tds;
using namespace tds::engine;

Result<std::vector<Tensor>> Unit::call(rt::Device &device, HostFunctions &functions,
                                       std::span<const void *const> leaves, tds_error &check) const {
  check = {};
  HostCalls host;
  for (auto &[name, place] : hosts)
    if (Status bound = host.add(functions, name); !bound) {
      check = {TDS_HOST_FAILED, int32_t(place), 0, 0};
      return bound.takeError();
    }
  llvm::SmallVector<void *, 32> buffers;
  for (uint32_t leaf : reads)
    buffers.push_back(const_cast<void *>(leaves[leaf])); // the code reads its arguments only
  std::vector<Tensor> out;
  out.reserve(results.size());
  for (const Slot &slot : results) {
    Result<Tensor> tensor = Tensor::allocate(slot.element, slot.shape);
    if (!tensor)
      return tensor.takeError();
    buffers.push_back(tensor->writable());
    out.push_back(tensor.take());
  }
  rt::Launch launch{entry, buffers, {}, size_t(arenaBytes), hosts.empty() ? nullptr : &host, kernels.get()};
  if (Status done = device.onHost() ? device.execute(launch, check) : callFar(device, launch, check); !done)
    return check.code == TDS_HOST_FAILED ? host.takeError() : done.takeError();
  return out;
}

Status Unit::callFar(rt::Device &device, rt::Launch launch, tds_error &check) const {
  std::span<void *const> buffers = launch.buffers;
  struct Free {
    rt::Device *device;
    void operator()(void *memory) const { device->free(memory); }
  };
  std::vector<std::unique_ptr<void, Free>> owned;
  llvm::SmallVector<void *, 32> far;
  auto bytesOf = [&](size_t i) {
    if (i < reads.size())
      return size_t(readBytes[i]);
    const Slot &slot = results[i - reads.size()];
    return size_t(countElements(slot.shape, slot.element).value_or(0) * elementSize(slot.element));
  };
  for (size_t i = 0; i < buffers.size(); ++i) {
    Result<void *> memory = device.allocate(bytesOf(i));
    if (!memory)
      return memory.takeError();
    owned.emplace_back(*memory, Free{&device});
    far.push_back(*memory);
    if (i < reads.size())
      if (Status copied = device.copyFromHost(*memory, buffers[i], bytesOf(i)); !copied)
        return copied;
  }
  launch.buffers = far;
  if (Status done = device.execute(launch, check); !done)
    return done;
  for (size_t i = reads.size(); i < buffers.size(); ++i)
    if (Status copied = device.copyToHost(buffers[i], far[i], bytesOf(i)); !copied)
      return copied;
  return success();
}

std::string engine::typeKey(const sema::Type &type) {
  std::string text;
  if (type.kind == sema::Type::tensor) {
    text = std::string(elementName(type.element)) + (type.weak ? "~" : "") + str(type.shape);
    return type.stacked ? text + "^" + std::to_string(type.stacked) : text;
  }
  text = type.kind == sema::Type::record ? "{" : "(";
  for (size_t i = 0; i < type.parts.size(); ++i) {
    if (type.kind == sema::Type::record)
      text += type.names[i] + (i < type.fileNames.size() ? "|" + type.fileNames[i] : "") + ":";
    text += typeKey(type.parts[i]) + ",";
  }
  return text + "}";
}

//===--- Bytes ---------------------------------------------------------------------------------------------------===//

namespace {

struct Writer {
  std::string bytes;
  void number(uint64_t value) { bytes.append(reinterpret_cast<const char *>(&value), sizeof value); }
  void text(std::string_view value) {
    number(value.size());
    bytes.append(value);
  }
  template <class List, class F> void list(const List &values, F &&one) {
    number(values.size());
    for (auto &value : values)
      one(value);
  }
  void type(const sema::Type &t) {
    number(t.kind);
    if (t.kind == sema::Type::tensor) {
      number(uint64_t(t.element) | uint64_t(t.weak) << 8 | uint64_t(t.stacked) << 16);
      list(t.shape, [&](const Dim &d) { number(uint64_t(d.constant().value_or(0))); });
      return;
    }
    list(t.names, [&](auto &name) { text(name); });
    list(t.fileNames, [&](auto &name) { text(name); });
    list(t.parts, [&](auto &part) { type(part); });
  }
};

/// Every length is checked; after a failure all that is read is empty.
struct Reader {
  std::string_view bytes;
  bool failed = false;
  unsigned depth = 0;

  uint64_t number() {
    uint64_t value = 0;
    if (bytes.size() < sizeof value)
      return failed = true, 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    bytes.remove_prefix(sizeof value);
    return value;
  }
  std::string_view text() {
    uint64_t size = number();
    if (size > bytes.size())
      return failed = true, std::string_view();
    std::string_view value = bytes.substr(0, size);
    bytes.remove_prefix(size);
    return value;
  }
  template <class F> void list(F &&one) {
    uint64_t size = number();
    for (uint64_t i = 0; i < size && !failed; ++i)
      one();
  }
  Element element(uint64_t value) {
    if (value >= uint64_t(numElements))
      return failed = true, Element::f32;
    return Element(value);
  }
  sema::Type type() {
    sema::Type t;
    uint64_t kind = number();
    if (kind > sema::Type::tuple || ++depth > 1000)
      return failed = true, t;
    t.kind = sema::Type::Kind(kind);
    if (t.kind == sema::Type::tensor) {
      uint64_t facts = number();
      t.element = element(facts & 0xff);
      t.weak = facts >> 8 & 1;
      t.stacked = facts >> 16;
      list([&] { t.shape.push_back(Dim(int64_t(number()))); });
    } else {
      list([&] { t.names.emplace_back(text()); });
      list([&] { t.fileNames.emplace_back(text()); });
      list([&] { t.parts.push_back(type()); });
      failed |= t.kind == sema::Type::record && t.names.size() != t.parts.size();
    }
    --depth;
    return t;
  }
};

} // namespace

std::string Unit::serialise() const {
  Writer w;
  w.list(wanted, [&](auto &name) { w.text(name); });
  if (!wanted.empty())
    return std::move(w.bytes);
  w.type(*result);
  w.list(results, [&](const Slot &slot) {
    w.text(slot.path);
    w.number(uint64_t(slot.element));
    w.list(slot.shape, [&](int64_t d) { w.number(uint64_t(d)); });
  });
  w.list(reads, [&](uint32_t leaf) { w.number(leaf); });
  w.list(readBytes, [&](uint64_t bytes) { w.number(bytes); });
  w.list(depends, [&](auto &inputs) { w.list(inputs, [&](uint32_t input) { w.number(input); }); });
  w.list(places, [&](const Range &range) {
    w.number(range.file);
    w.number(range.begin);
    w.number(range.end);
  });
  w.list(hosts, [&](auto &host) {
    w.text(host.first);
    w.number(host.second);
  });
  w.number(arenaBytes);
  w.text({object.data(), object.size()});
  w.text(image.ptx);
  w.list(image.kernels, [&](const rt::Kernel &kernel) {
    w.text(kernel.name);
    w.number(uint64_t(kernel.grid));
    w.number(uint64_t(kernel.block));
    w.number(kernel.parameters);
  });
  return std::move(w.bytes);
}

std::optional<Unit> Unit::deserialise(std::string_view bytes) {
  Reader r{bytes};
  Unit unit;
  r.list([&] { unit.wanted.emplace(r.text()); });
  if (unit.wanted.empty() && !r.failed) {
    unit.result = std::make_shared<sema::Type>(r.type());
    r.list([&] {
      Slot slot{std::string(r.text()), r.element(r.number()), {}};
      r.list([&] { slot.shape.push_back(int64_t(r.number())); });
      unit.results.push_back(std::move(slot));
    });
    r.list([&] { unit.reads.push_back(uint32_t(r.number())); });
    r.list([&] { unit.readBytes.push_back(r.number()); });
    r.failed |= unit.readBytes.size() != unit.reads.size();
    r.list([&] {
      unit.depends.emplace_back();
      r.list([&] { unit.depends.back().push_back(uint32_t(r.number())); });
    });
    r.list([&] {
      Range range;
      range.file = uint32_t(r.number());
      range.begin = uint32_t(r.number());
      range.end = uint32_t(r.number());
      unit.places.push_back(range);
    });
    r.list([&] {
      std::string name(r.text());
      unit.hosts.emplace_back(std::move(name), uint32_t(r.number()));
    });
    unit.arenaBytes = r.number();
    std::string_view object = r.text();
    unit.object.assign(object.begin(), object.end());
    unit.image.ptx = r.text();
    r.list([&] {
      rt::Kernel kernel{std::string(r.text())};
      kernel.grid = int64_t(r.number());
      kernel.block = int64_t(r.number());
      kernel.parameters = size_t(r.number());
      unit.image.kernels.push_back(std::move(kernel));
    });
  }
  if (r.failed || !r.bytes.empty())
    return std::nullopt;
  return unit;
}
