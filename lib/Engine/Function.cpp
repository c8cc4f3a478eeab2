#include "lib/Engine/EngineImpl.h"
#include "lib/Syntax/Printer.h"
#include <algorithm>

using namespace tds;
using namespace tds::engine;
using sema::Input;
using sema::Type;

static Error argumentError(const char *code, std::string message) { return {code, std::move(message), {}, {}, {}}; }

FunctionImpl::FunctionImpl(std::shared_ptr<ModuleImpl> of, const ast::DefItem *def,
                           std::vector<std::vector<std::string>> gradients)
    : module(std::move(of)), def(def), gradients(std::move(gradients)) {
  sema::Program &program = module->workspace.program;
  // With an untyped parameter there is no signature to open: the others are then taken as the text has them, a tensor
  // each.
  auto open = sema::openInputs(program, *module->module, *def);
  program.diagnostics().clear();
  for (const ast::Param &p : def->params) {
    Parameter parameter{&p, false, std::nullopt, 1};
    parameter.isSize =
        p.type && p.type->kind == ast::Type::named && p.type->module.empty() && p.type->name.text == "dim";
    for (const Input &input : open ? *open : std::vector<Input>())
      if (input.name == p.name.text && !input.known)
        parameter.type = input.type;
    if (parameter.type)
      parameter.numLeaves = sema::leaves(*parameter.type, "").size();
    mostLeaves += parameter.numLeaves;
    leastLeaves += p.initial ? 0 : parameter.numLeaves;
    parameters.push_back(std::move(parameter));
  }
}

std::string FunctionImpl::text(const std::vector<Input> &inputs) const {
  std::string text = name() + "(";
  for (size_t i = 0; i < inputs.size(); ++i)
    text += (i ? ", " : "") + inputs[i].name + "=" + inputs[i].name;
  text += ")";
  for (const std::vector<std::string> &names : gradients) {
    std::string list;
    for (const std::string &n : names)
      list += (list.empty() ? "" : ", ") + n;
    text = "grad[" + list + "](" + text + ")";
  }
  return text;
}

Piece FunctionImpl::piece(std::vector<Input> inputs) const {
  Piece piece;
  piece.range = def->name.range;
  piece.name = "call " + text(inputs);
  piece.inputs = std::move(inputs);
  piece.elaborate = [this](sema::Program &program, const std::vector<Input> &inputs) {
    return gradients.empty() ? sema::instantiate(program, *module->module, *def, inputs)
                             : sema::elaborateText(program, *module->module, text(inputs), inputs);
  };
  return piece;
}

//===--- Descriptions --------------------------------------------------------------------------------------------===//

std::vector<Leaf> Function::parameters() const {
  std::vector<Leaf> out;
  for (const Parameter &p : impl->parameters) {
    const std::string &name = p.param->name.text;
    if (!p.type || p.type->kind == Type::tensor) {
      out.push_back({name, p.param->type ? print(*p.param->type) : "?"});
      continue;
    }
    for (const sema::TypeLeaf &leaf : sema::leaves(*p.type, name))
      out.push_back({leaf.path, leaf.type->str()});
  }
  return out;
}

std::string Function::signature() const {
  std::string parameters;
  for (const ast::Param &p : impl->def->params) {
    parameters += (parameters.empty() ? "" : ", ") + p.name.text;
    if (p.type)
      parameters += ": " + print(*p.type);
    if (p.initial)
      parameters += " = " + print(*p.initial);
  }
  std::string text = impl->text({}); // "grad[w](loss())"
  text.insert(text.find("()") + 1, parameters);
  if (impl->gradients.empty() && impl->def->result)
    return text + " -> " + print(*impl->def->result);
  // What the def does not say follows from its body, for open sizes.
  std::lock_guard lock(impl->module->mutex);
  sema::Program &program = impl->module->workspace.program;
  if (auto inputs = sema::openInputs(program, *impl->module->module, *impl->def))
    if (auto instance = impl->piece(*inputs).elaborate(program, *inputs); instance && instance->function)
      text += " -> " + instance->result.str();
  program.diagnostics().clear();
  return text;
}

Result<std::string> Function::source() const {
  std::lock_guard lock(impl->module->mutex);
  Workspace &workspace = impl->module->workspace;
  sema::Program &program = workspace.program;
  if (impl->gradients.empty())
    return std::string(program.sources().text(impl->def->range)) + "\n";
  auto inputs = sema::openInputs(program, *impl->module->module, *impl->def);
  auto instance = inputs ? impl->piece(*inputs).elaborate(program, *inputs) : std::nullopt;
  if (!instance || !instance->function)
    return takeError(program);
  instance->function->name = impl->name() + "_grad";
  return workspace.place->useBackend()->source(*instance->function, program.sources());
}

Result<Function> Function::grad(std::span<const std::string_view> parameters) const {
  std::vector<std::string> names, known;
  for (const ast::Param &p : impl->def->params)
    known.push_back(p.name.text);
  for (std::string_view name : parameters) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      Error error = argumentError("E0209", "`" + impl->name() + "` has no parameter `" + std::string(name) + "`");
      if (std::string near = nearest(name, known); !near.empty())
        error.help.push_back("did you mean `" + near + "`?");
      return error;
    }
    names.emplace_back(name);
  }
  if (names.empty())
    return argumentError("E0209", "a gradient is taken by one parameter or more");
  auto gradients = impl->gradients;
  gradients.push_back(std::move(names));
  std::lock_guard lock(impl->module->mutex);
  return Function(std::make_shared<FunctionImpl>(impl->module, impl->def, std::move(gradients)));
}

//===--- Calls ---------------------------------------------------------------------------------------------------===//

/// The type of a parameter for these tensors: the signature's structure with their elements and shapes.
static Type typeFor(const Type *pattern, std::span<const Tensor> tensors, size_t &next) {
  Type type;
  if (pattern && pattern->kind != Type::tensor) {
    type.kind = pattern->kind;
    type.names = pattern->names;
    type.fileNames = pattern->fileNames;
    for (const Type &part : pattern->parts)
      type.parts.push_back(typeFor(&part, tensors, next));
    return type;
  }
  const Tensor &tensor = tensors[next++];
  type.element = tensor.element();
  type.shape.assign(tensor.shape().begin(), tensor.shape().end());
  return type;
}

static std::optional<int64_t> integerOf(const Tensor &tensor) {
  if (tensor.numElements() != 1)
    return std::nullopt;
  if (tensor.element() == Element::i32)
    return *static_cast<const int32_t *>(tensor.data());
  if (tensor.element() == Element::i64)
    return *static_cast<const int64_t *>(tensor.data());
  return std::nullopt;
}

Result<std::shared_ptr<const Unit>> FunctionImpl::compile(std::span<const Tensor> arguments) const {
  std::vector<Input> inputs;
  size_t next = 0;
  for (const Parameter &p : parameters) {
    if (next == arguments.size())
      break; // the rest has defaults
    if (next + p.numLeaves > arguments.size())
      return argumentError("E0209", "`" + p.param->name.text + "` of `" + name() + "` is " +
                                        std::to_string(p.numLeaves) + " tensors, this call gives only " +
                                        std::to_string(arguments.size() - next) + " of them");
    if (p.isSize)
      inputs.push_back({p.param->name.text, {}, sema::Value::ofSize(*integerOf(arguments[next++]))});
    else
      inputs.push_back({p.param->name.text, typeFor(p.type ? &*p.type : nullptr, arguments, next), std::nullopt});
  }
  auto unit = module->workspace.unit(piece(std::move(inputs)));
  if (!unit)
    return takeError(module->workspace.program);
  if (!unit->wanted.empty())
    return argumentError("E0211", "`" + *unit->wanted.begin() + "` is used as a size: declare it as `dim`");
  return unit;
}

Result<std::shared_ptr<const Unit>> FunctionImpl::unit(std::span<const Tensor> arguments) const {
  Known wanted;
  size_t next = 0;
  for (const Parameter &p : parameters) {
    if (p.isSize && next < arguments.size()) {
      auto size = integerOf(arguments[next]);
      if (!size)
        return argumentError("E0211", "`" + p.param->name.text + "` of `" + name() +
                                          "` is a size, an i32 or i64 scalar, not " + arguments[next].type());
      wanted.sizes.push_back(*size);
    }
    next += p.numLeaves;
  }
  auto same = [&](const Known &k) {
    if (k.arguments.size() != arguments.size() || k.sizes != wanted.sizes)
      return false;
    for (size_t i = 0; i < arguments.size(); ++i)
      if (k.arguments[i].first != arguments[i].element() ||
          !std::ranges::equal(k.arguments[i].second, arguments[i].shape()))
        return false;
    return true;
  };
  std::lock_guard lock(module->mutex);
  for (size_t i = known.size(); i-- > 0;)
    if (same(known[i]))
      return known[i].unit;
  auto unit = compile(arguments);
  if (!unit)
    return unit;
  for (const Tensor &t : arguments)
    wanted.arguments.emplace_back(t.element(), Shape(t.shape().begin(), t.shape().end()));
  wanted.unit = *unit;
  known.push_back(std::move(wanted));
  return unit;
}

Result<std::vector<Tensor>> Function::call(std::span<const Tensor> arguments) const {
  if (arguments.size() < impl->leastLeaves || arguments.size() > impl->mostLeaves) {
    std::string given, least = std::to_string(impl->leastLeaves), most = std::to_string(impl->mostLeaves);
    for (const Leaf &leaf : parameters())
      given += (given.empty() ? "" : ", ") + leaf.name;
    return argumentError("E0209", "`" + impl->name() + "` takes " + (least == most ? "" : least + " to ") + most +
                                      (most == "1" ? " tensor (" : " tensors (") + given + "), this call gives " +
                                      std::to_string(arguments.size()));
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i])
      return argumentError("E0209", "argument " + std::to_string(i + 1) + " of `" + impl->name() + "` holds nothing");
    if (tds::Status status = arguments[i].status(); !status)
      return status.takeError();
  }
  auto unit = impl->unit(arguments);
  if (!unit)
    return unit.takeError();

  std::vector<const void *> leaves; // sizes are in the code
  size_t next = 0;
  for (const Parameter &p : impl->parameters)
    for (size_t i = 0; i < p.numLeaves && next < arguments.size(); ++i, ++next)
      if (!p.isSize)
        leaves.push_back(arguments[next].data());
  tds_error check;
  const Workspace &workspace = impl->module->workspace;
  auto result = (*unit)->call(*workspace.place->device, workspace.engine->hosts, leaves, check);
  if (!result)
    return callError(result.takeError(), **unit, check, workspace.program.sources());
  return result;
}
