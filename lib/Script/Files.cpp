// `load` and `save`.
#include "runtime/Files.h"
#include "lib/Script/Interpreter.h"
#include "lib/Script/Interrupt.h"
#include <algorithm>

using namespace tds;
using namespace tds::script;
using llvm::dyn_cast;
using sema::Type;
namespace fs = std::filesystem;

/// A relative path is looked for beside the script, then in its `data/`.
std::optional<fs::path> Interpreter::found(const std::string &name, Range range) {
  fs::path path(name);
  std::error_code ignored;
  if (path.is_absolute())
    return path;
  for (const fs::path &place : {folder / path, folder / "data" / path})
    if (fs::exists(place, ignored))
      return place;
  program.diagnostics()
      .error(Code::E0601, range, "there is no file `" + name + "`")
      .help("looked for " + (folder / path).string() + " and " + (folder / "data" / path).string());
  return std::nullopt;
}

namespace {

/// Tensors by name as a record: dots in the names make records in it.
struct Tree {
  std::vector<std::string> names;
  std::vector<Tree> fields;
  std::optional<Tensor> tensor;

  Tree &at(const std::string &name) {
    auto it = std::find(names.begin(), names.end(), name);
    if (it != names.end())
      return fields[size_t(it - names.begin())];
    names.push_back(name);
    return fields.emplace_back();
  }
  Value value() const {
    if (tensor)
      return Value::ofTensor(*tensor);
    std::vector<Value> parts;
    for (const Tree &field : fields)
      parts.push_back(field.value());
    return Value::group(Type::record, std::move(parts), names);
  }
};

/// The tensor of a leaf: its own, or stacked from one for each number in a part of its path ("h.0.w", "h.1.w", …).
Result<Tensor> leafTensor(const rt::NamedTensors &file, const sema::TypeLeaf &leaf) {
  if (const Tensor *whole = file.find(leaf.filePath))
    return *whole;
  Error missing{"E0603", "the file has no `" + leaf.filePath + "`", {}, {}, {}};
  std::optional<int64_t> count = leaf.type->stacked == 1 ? leaf.type->shape[0].constant() : std::nullopt;
  if (!count || *count == 0)
    return missing;
  for (size_t dot = leaf.filePath.find('.'); dot != std::string::npos; dot = leaf.filePath.find('.', dot + 1)) {
    std::vector<const Tensor *> layers;
    for (int64_t i = 0; i < *count; ++i) {
      const Tensor *layer = file.find(leaf.filePath.substr(0, dot + 1) + std::to_string(i) + leaf.filePath.substr(dot));
      if (!layer || layer->element() != (layers.empty() ? layer : layers[0])->element() ||
          !std::ranges::equal(layer->shape(), (layers.empty() ? layer : layers[0])->shape()))
        break;
      layers.push_back(layer);
    }
    if (int64_t(layers.size()) != *count)
      continue;
    Shape shape(layers[0]->shape().begin(), layers[0]->shape().end());
    shape.insert(shape.begin(), *count);
    Result<Tensor> out = Tensor::allocate(layers[0]->element(), shape);
    if (!out)
      return out;
    auto *to = static_cast<std::byte *>(out->writable());
    for (const Tensor *layer : layers)
      to = std::copy(layer->bytes().begin(), layer->bytes().end(), to);
    return out;
  }
  return missing;
}

} // namespace

Value Interpreter::load(const ast::Call &e) {
  if (e.arguments.empty() || e.arguments.size() > 2 || e.arguments[0].name)
    return fail(Code::E0209, e.range,
                "`load` takes a path, and a type whose fields are wanted: `load(\"p.npz\", Mlp[64, 10])`");
  Value name = eval(*e.arguments[0].value);
  if (!name)
    return {};
  if (name.kind != Value::text)
    return fail(Code::E0504, e.arguments[0].value->range, "a path is a string; this is " + name.describe());
  auto path = found(name.string, e.arguments[0].value->range);
  if (!path)
    return {};
  std::string extension = path->extension().string();
  rt::NamedTensors file;
  if (extension == ".npy" || extension == ".png" || extension == ".csv") {
    Result<Tensor> tensor = extension == ".npy" ? rt::loadNpy(*path) : extension == ".png" ? rt::loadPng(*path) : rt::loadCsv(*path);
    if (!tensor)
      return fail(tensor.error(), e.range);
    if (e.arguments.size() == 1)
      return Value::ofTensor(tensor.take());
    return fail(Code::E0504, e.range, "a file of this kind is one tensor and has no fields");
  }
  if (extension != ".npz" && extension != ".safetensors")
    return fail(Code::E0603, e.range,
                "`load` knows npy, npz, safetensors, csv and png by their endings, not `" + name.string + "`");
  auto loaded = extension == ".npz" ? rt::loadNpz(*path) : rt::loadSafetensors(*path);
  if (!loaded)
    return fail(loaded.error(), e.range);
  file = loaded.take();

  if (e.arguments.size() == 1) {
    Tree root;
    for (auto &[key, tensor] : file.entries) {
      Tree *at = &root;
      for (size_t begin = 0; begin <= key.size();) {
        size_t dot = std::min(key.find('.', begin), key.size());
        at = &at->at(key.substr(begin, dot - begin));
        begin = dot + 1;
      }
      if (at->tensor || !at->fields.empty())
        return fail(Code::E0602, e.range, "the file names `" + key + "` twice, or as a tensor and a record");
      at->tensor = tensor;
    }
    return root.value();
  }

  std::vector<sema::Input> inputs;
  for (auto &[variable, value] : variables)
    if (value.kind == Value::integer)
      inputs.push_back({variable, *value.type, sema::Value::ofSize(value.number)});
  auto type = sema::typeOfExpr(program, module, *e.arguments[1].value, inputs);
  if (!type)
    return {};
  std::vector<Tensor> leaves;
  for (const sema::TypeLeaf &leaf : sema::leaves(*type, "")) {
    Result<Tensor> tensor = leafTensor(file, leaf);
    if (!tensor)
      return fail(tensor.error(), e.range);
    Dims shape(tensor->shape().begin(), tensor->shape().end());
    bool element = leaf.type->family == Type::anyFloat ? isFloating(tensor->element())
                   : leaf.type->family == Type::anyInt ? isInteger(tensor->element())
                                                       : tensor->element() == leaf.type->element;
    if (!element || shape != leaf.type->shape)
      return fail(Code::E0205, e.range,
                  "`" + leaf.filePath + "` is `" + tensor->type() + "` in the file, expected `" + leaf.type->str() +
                      "`");
    const_cast<Type *>(leaf.type)->element = tensor->element(); // a leaf of `type`, which is ours
    const_cast<Type *>(leaf.type)->family = Type::fixed;
    leaves.push_back(tensor.take());
  }
  return Value::of(std::make_shared<Type>(std::move(*type)), std::move(leaves));
}

Value Interpreter::save(const ast::Call &e) {
  std::vector<Value> values;
  std::map<std::string, Value> named;
  if (!arguments(e, 2, 2, {}, values, named))
    return {};
  if (values[0].kind != Value::text)
    return fail(Code::E0504, e.arguments[0].value->range, "a path is a string; this is " + values[0].describe());
  fs::path path(values[0].string);
  std::string extension = path.extension().string();
  const Value &value = values[1];
  if (!value.type)
    return fail(Code::E0504, e.arguments[1].value->range, "tensors and records are saved; this is " + value.describe());
  if (quiet)
    return Value::ofTruth(true);
  std::vector<Tensor> tensors = value.asTensors();
  Interrupt::Hold hold;
  tds::Status done = success();
  if (extension == ".npy" || extension == ".png" || extension == ".csv") {
    if (value.type->kind != Type::tensor)
      return fail(Code::E0504, e.range, "a file of this kind is one tensor; save a record as npz or safetensors");
    done = extension == ".npy" ? rt::saveNpy(path, tensors[0]) : extension == ".png" ? rt::savePng(path, tensors[0]) : rt::saveCsv(path, tensors[0]);
  } else if (extension == ".npz" || extension == ".safetensors") {
    if (value.type->kind == Type::tensor)
      return fail(Code::E0504, e.range,
                  "`" + values[0].string + "` holds named tensors; save a record, `(x=x)`, or use npy");
    rt::NamedTensors file;
    auto leaves = sema::leaves(*value.type, "");
    for (size_t i = 0; i < leaves.size(); ++i)
      file.entries.emplace_back(leaves[i].filePath, tensors[i]);
    done = extension == ".npz" ? rt::saveNpz(path, file) : rt::saveSafetensors(path, file);
  } else {
    return fail(Code::E0603, e.range,
                "`save` knows npy, npz, safetensors, csv and png by their endings, not `" + values[0].string + "`");
  }
  if (!done)
    return fail(done.error(), e.range);
  return Value::ofTruth(true);
}
