// Functions that only scripts have.
#include "lib/Script/Interpreter.h"
#include "runtime/Device.h"
#include <cstdio>

using namespace tds;
using namespace tds::script;
using llvm::dyn_cast;
using sema::Type;

Interpreter::Builtin Interpreter::builtin(std::string_view name) {
  static constexpr std::pair<std::string_view, Builtin> table[] = {
      {"print", &Interpreter::print},     {"load", &Interpreter::load}, {"save", &Interpreter::save},
      {"batches", &Interpreter::batches}, {"time", &Interpreter::time}, {"devices", &Interpreter::devices},
      {"nonzero", &Interpreter::nonzero},
  };
  for (auto &[known, function] : table)
    if (known == name)
      return function;
  return nullptr;
}

Interpreter::Builtin Interpreter::builtinOf(const ast::Expr &e) {
  auto *call = dyn_cast<ast::Call>(&e);
  auto *callee = call ? dyn_cast<ast::Name>(call->callee.get()) : nullptr;
  if (!callee)
    return nullptr;
  Builtin function = builtin(callee->text);
  return function && !has(callee->text) ? function : nullptr;
}

bool Interpreter::arguments(const ast::Call &e, size_t least, size_t most,
                            std::initializer_list<std::string_view> named, std::vector<Value> &positional,
                            std::map<std::string, Value> &others) {
  std::string name(program.sources().text(e.callee->range));
  for (const ast::Argument &a : e.arguments) {
    Value value = eval(*a.value);
    if (!value)
      return false;
    if (!a.name) {
      positional.push_back(std::move(value));
      continue;
    }
    if (std::find(named.begin(), named.end(), a.name->text) == named.end()) {
      auto &d = program.diagnostics().error(Code::E0209, a.name->range,
                                            "`" + name + "` has no parameter `" + a.name->text + "`");
      std::vector<std::string> known(named.begin(), named.end());
      if (std::string near = nearest(a.name->text, known); !near.empty())
        d.help("did you mean `" + near + "`?");
      return false;
    }
    others[a.name->text] = std::move(value);
  }
  if (positional.size() >= least && positional.size() <= most)
    return true;
  fail(Code::E0209, e.range,
       "`" + name + "` takes " + std::to_string(least) + (most > least ? " or more" : "") +
           (least == 1 && most == 1 ? " argument" : " arguments") + ", this call gives " +
           std::to_string(positional.size()));
  return false;
}

Value Interpreter::print(const ast::Call &e) {
  std::vector<Value> values;
  std::map<std::string, Value> named;
  if (!arguments(e, 0, SIZE_MAX, {}, values, named))
    return {};
  std::string line;
  for (const Value &value : values)
    line += (&value == values.data() ? "" : " ") + value.str();
  line += "\n";
  progress.erase();
  if (!quiet)
    std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout); // in order with diagnostics, and at once to who watches a file
  return Value::ofTruth(true);
}

/// Seconds since the run began.
Value Interpreter::time(const ast::Call &e) {
  std::vector<Value> values;
  std::map<std::string, Value> named;
  if (!arguments(e, 0, 0, {}, values, named))
    return {};
  return Value::ofReal(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}

Value Interpreter::devices(const ast::Call &e) {
  std::vector<Value> values;
  std::map<std::string, Value> named;
  if (!arguments(e, 1, 1, {}, values, named))
    return {};
  if (values[0].kind != Value::text)
    return fail(Code::E0504, e.range, "`devices` takes \"cpu\" or \"cuda\"; this is " + values[0].describe());
  if (values[0].string != "cpu" && values[0].string != "cuda")
    return fail(Code::E0505, e.range, "there is no kind of device `" + values[0].string + "`; there are cpu and cuda");
  return Value::ofInteger(values[0].string == "cpu" ? 1 : rt::countCudaDevices());
}

/// The places where a mask is true: i32[k] of one dimension, i32[k, rank] of several.
Value Interpreter::nonzero(const ast::Call &e) {
  std::vector<Value> values;
  std::map<std::string, Value> named;
  if (!arguments(e, 1, 1, {}, values, named))
    return {};
  if (!values[0].isTensor() || values[0].leaves[0].element() != Element::boolean || values[0].leaves[0].rank() == 0)
    return fail(Code::E0504, e.range, "`nonzero` takes a mask of bools; this is " + values[0].describe());
  const Tensor &mask = values[0].leaves[0];
  auto shape = mask.shape();
  auto bytes = mask.bytes();
  std::vector<int32_t> places;
  std::vector<int32_t> at(shape.size());
  for (std::byte value : bytes) {
    if (value != std::byte(0))
      places.insert(places.end(), at.begin(), at.end());
    for (size_t k = shape.size(); k-- > 0 && ++at[k] == shape[k];)
      at[k] = 0;
  }
  int64_t rank = int64_t(shape.size()), count = int64_t(places.size()) / rank;
  return Value::ofTensor(Tensor::copy(places, rank == 1 ? Shape{count} : Shape{count, rank}));
}

Value Interpreter::batches(const ast::Call &e) {
  std::vector<Value> values;
  std::map<std::string, Value> named;
  if (!arguments(e, 1, SIZE_MAX, {"size", "shuffle", "drop_last"}, values, named))
    return {};
  std::vector<TypePtr> types;
  std::vector<Tensor> leaves;
  std::vector<Origins> origins;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].kind != Value::tensors)
      return fail(Code::E0504, e.range, "`batches` walks tensors and records; this is " + values[i].describe());
    types.push_back(values[i].type);
    leaves.insert(leaves.end(), values[i].leaves.begin(), values[i].leaves.end());
    for (size_t leaf = 0; origins.size() < leaves.size(); ++leaf)
      origins.push_back(values[i].originsOf(leaf));
  }
  rt::BatchOptions options;
  auto size = named.find("size");
  if (size == named.end())
    return fail(Code::E0209, e.range, "`batches` needs `size=`");
  if (auto number = size->second.asInteger())
    options.size = *number;
  else
    return fail(Code::E0504, e.range, "`size` is an integer; this is " + size->second.describe());
  if (auto it = named.find("shuffle"); it != named.end()) {
    const Value &key = it->second;
    if (!key.isTensor() || !key.isScalar() || key.leaves[0].element() != Element::key)
      return fail(Code::E0504, e.range, "`shuffle` is a key, such as `key(epoch)`; this is " + key.describe());
    options.shuffle = *static_cast<const uint64_t *>(key.leaves[0].data());
  }
  if (auto it = named.find("drop_last"); it != named.end()) {
    auto drop = it->second.asTruth();
    if (!drop)
      return fail(Code::E0504, e.range, "`drop_last` is a bool; this is " + it->second.describe());
    options.dropLast = *drop;
  }
  Result<rt::Batches> made = rt::Batches::create(std::move(leaves), options);
  if (!made)
    return fail(made.error(), e.range);
  return Value::ofBatches(
      std::make_shared<BatchSource>(BatchSource{made.take(), std::move(types), std::move(origins)}));
}
