#pragma once
#include "runtime/abi/abi.h"
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <tds/tensor.h>
#include <vector>

namespace tds::engine {

/// A result's type, and where its elements go.
struct HostResult {
  Element element;
  Shape shape;
  void *data;
};
using HostFunction = std::function<Status(std::span<const Tensor> arguments, std::span<const HostResult> results)>;

/// What stands for `extern def`s, by name: what the host has defined, then functions of libraries. Any thread.
class HostFunctions {
public:
  using Host = std::function<Result<std::vector<Tensor>>(std::span<const Tensor>)>;

  Status open(const std::filesystem::path &library);
  Status define(std::string name, Host host);
  /// Null: nothing is bound to the name.
  std::shared_ptr<const HostFunction> find(const std::string &name);
  std::string libraryNames() const;

private:
  struct Close {
    void operator()(void *library) const;
  };
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<const HostFunction>> functions;
  std::vector<std::pair<std::string, std::unique_ptr<void, Close>>> libraries;
};

/// The functions that one call of compiled code may call, by its numbers.
class HostCalls : public tds_host {
public:
  HostCalls();
  /// An Error if nothing is bound to the name.
  Status add(HostFunctions &functions, const std::string &name);
  /// Of the call that failed.
  Error takeError() { return std::move(*error); }

  /// Whether the call of a function fails; keeps the error.
  bool fails(const int64_t *description, const uint8_t *mask, void *const *buffers);

private:
  Status run(const int64_t *description, const uint8_t *mask, void *const *buffers) const;
  std::vector<std::pair<std::string, std::shared_ptr<const HostFunction>>> bound;
  std::optional<Error> error;
};

} // namespace tds::engine
