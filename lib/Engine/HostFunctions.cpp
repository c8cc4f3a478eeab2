// `extern def`: functions that the host gives, and those of shared libraries.
#include "lib/Engine/HostFunctions.h"
#include "runtime/Errors.h"
#include <algorithm>
#include <cstring>
#include <dlfcn.h>
#include <tds-c/host.h>

using namespace tds;
using namespace tds::engine;

static Error hostError(std::string message, std::vector<std::string> help = {}) {
  return rt::makeError(rt::code::Host, std::move(message), std::move(help));
}

//===--- Binding -------------------------------------------------------------------------------------------------===//

void HostFunctions::Close::operator()(void *library) const { dlclose(library); }

Status HostFunctions::open(const std::filesystem::path &library) {
  // Without a slash the system would look in its own folders alone.
  std::filesystem::path path = library.has_parent_path() ? library : "." / library;
  void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    return hostError("the library `" + library.string() + "` can't be opened: " + dlerror());
  std::lock_guard lock(mutex);
  libraries.emplace_back(library.string(), std::unique_ptr<void, Close>(handle));
  return success();
}

std::string HostFunctions::libraryNames() const {
  std::string names;
  for (auto &[name, handle] : libraries)
    names += (names.empty() ? "`" : ", `") + name + "`";
  return names;
}

static std::string typesOf(std::span<const HostResult> results) {
  std::string text;
  for (const HostResult &result : results)
    text += (text.empty() ? "" : ", ") + typeName(result.element, result.shape);
  return text;
}

/// A host's function writes tensors of its own: they are compared with what the signature says, and copied.
static HostFunction checked(HostFunctions::Host host) {
  return [host = std::move(host)](std::span<const Tensor> arguments, std::span<const HostResult> results) -> Status {
    Result<std::vector<Tensor>> given = host(arguments);
    if (!given)
      return given.takeError();
    std::string types;
    bool same = given->size() == results.size();
    for (size_t i = 0; i < given->size(); ++i) {
      const Tensor &tensor = (*given)[i];
      if (!tensor)
        return hostError("result " + std::to_string(i + 1) + " holds nothing, expected " + typesOf(results));
      if (Status computed = tensor.status(); !computed)
        return computed.takeError();
      types += (i ? ", " : "") + tensor.type();
      same = same && tensor.element() == results[i].element && std::ranges::equal(tensor.shape(), results[i].shape);
    }
    if (!same)
      return hostError("the result is " + (types.empty() ? "nothing" : types) + ", expected " + typesOf(results));
    for (size_t i = 0; i < results.size(); ++i)
      if (size_t bytes = size_t((*given)[i].sizeInBytes()))
        std::memcpy(results[i].data, (*given)[i].data(), bytes);
    return success();
  };
}

static HostFunction ofLibrary(tds_host_function function) {
  return [function](std::span<const Tensor> arguments, std::span<const HostResult> results) -> Status {
    std::vector<tds_array> in, out;
    for (const Tensor &tensor : arguments)
      in.push_back({const_cast<void *>(tensor.data()), tensor.shape().data(), int32_t(tensor.rank()),
                    int32_t(tensor.element())});
    for (const HostResult &result : results)
      out.push_back({result.data, result.shape.data(), int32_t(result.shape.size()), int32_t(result.element)});
    if (const char *wrong = function(in.data(), out.data()))
      return hostError(wrong);
    return success();
  };
}

Status HostFunctions::define(std::string name, Host host) {
  if (!host)
    return hostError("what is bound to `" + name + "` is empty");
  auto function = std::make_shared<const HostFunction>(checked(std::move(host)));
  std::lock_guard lock(mutex);
  functions[std::move(name)] = std::move(function);
  return success();
}

std::shared_ptr<const HostFunction> HostFunctions::find(const std::string &name) {
  std::lock_guard lock(mutex);
  if (auto it = functions.find(name); it != functions.end())
    return it->second;
  for (auto &[file, library] : libraries)
    if (void *symbol = dlsym(library.get(), name.c_str()))
      return functions[name] =
                 std::make_shared<const HostFunction>(ofLibrary(reinterpret_cast<tds_host_function>(symbol)));
  return nullptr;
}

//===--- Calls ---------------------------------------------------------------------------------------------------===//

static int32_t callHost(tds_host *self, const int64_t *description, const uint8_t *mask, void *const *buffers);

HostCalls::HostCalls() : tds_host{callHost} {}

Status HostCalls::add(HostFunctions &functions, const std::string &name) {
  auto function = functions.find(name);
  if (!function) {
    std::string names = functions.libraryNames();
    return hostError("no function is bound to the `extern def` `" + name + "`",
                     {names.empty() ? "a C++ host binds it, `engine.define(\"" + name +
                                          "\", ...)`; a shared library, `tdslc run --library FILE`"
                                    : "there is none in " + names});
  }
  bound.emplace_back(name, std::move(function));
  return success();
}

Status HostCalls::run(const int64_t *description, const uint8_t *mask, void *const *buffers) const {
  auto &[name, function] = bound[size_t(description[0])];
  int64_t rows = description[2];
  size_t numArguments = size_t(description[4]), count = numArguments + size_t(description[5]);
  std::vector<HostResult> types;
  for (const int64_t *at = description + 6; types.size() < count; at += 2 + at[1])
    types.push_back({Element(at[0]), Shape(at + 2, at + 2 + at[1]), nullptr});
  for (int64_t row = 0; row < rows; ++row) {
    std::vector<Tensor> arguments;
    for (size_t i = 0; i < count; ++i) {
      HostResult &type = types[i];
      int64_t bytes = *countElements(type.shape, type.element) * elementSize(type.element);
      type.data = static_cast<std::byte *>(buffers[i]) + row * bytes;
      if (i < numArguments)
        arguments.push_back(Tensor::viewBytes({static_cast<const std::byte *>(type.data), size_t(bytes)}, type.element,
                                              type.shape, nullptr));
      else if (mask && !mask[row] && bytes)
        std::memset(type.data, 0, size_t(bytes));
    }
    if (mask && !mask[row])
      continue;
    Status done = (*function)(arguments, std::span(types).subspan(numArguments));
    if (!done) {
      Error error = done.takeError();
      error.code = rt::code::Host;
      error.message = "`" + name + "` failed: " + error.message;
      return error;
    }
  }
  return success();
}

bool HostCalls::fails(const int64_t *description, const uint8_t *mask, void *const *buffers) {
  Status done = run(description, mask, buffers);
  if (!done)
    error = done.takeError();
  return error.has_value();
}

static int32_t callHost(tds_host *self, const int64_t *description, const uint8_t *mask, void *const *buffers) {
  return static_cast<HostCalls *>(self)->fails(description, mask, buffers);
}
