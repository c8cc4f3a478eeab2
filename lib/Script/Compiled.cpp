// Tensor work of a script: an expression is a function of the variables that it reads, compiled for their types.
#include "lib/Autodiff/GradientNumbers.h"
#include "lib/Script/Interpreter.h"
#include "lib/Script/Rewrite.h"
#include "llvm/ADT/SmallVector.h"
#include <algorithm>
#include <bit>

using namespace tds;
using namespace tds::script;
using llvm::cast;
using llvm::dyn_cast;
using sema::Type;

static bool touches(const ast::Expr &e, const std::set<std::string> &names) {
  std::set<std::string> free = sema::freeNames(e);
  return std::any_of(free.begin(), free.end(), [&](const std::string &name) { return names.contains(name); });
}

/// Finds what the script has to do before: calls of its own, and fields of its variables, which become inputs by
/// themselves so that the rest of a record is not passed along.
void Interpreter::prepare(Site &site, const ast::Expr &e) {
  std::set<std::string> bound = boundNames(e);
  unsigned calls = 0;
  site.owned = copy(e, [&](const ast::Expr &inner) -> ast::ExprPtr {
    // Keys of numbers are made here too: the code then serves every seed.
    auto *call = dyn_cast<ast::Call>(&inner);
    bool isKey = call && hostCall(*call) && !touches(inner, bound);
    site.derives |= inner.kind == ast::Expr::DerivativeK;
    if (isKey || builtinOf(inner)) {
      std::string name = "call " + std::to_string(calls++);
      site.hidden.push_back({name, &inner});
      return makeName(name, inner.range);
    }
    if (inner.kind != ast::Expr::FieldK)
      return nullptr;
    std::string name;
    const ast::Expr *root = &inner;
    while (auto *f = dyn_cast<ast::FieldAccess>(root)) {
      name = "." + f->name.text + name;
      root = f->base.get();
    }
    auto *n = dyn_cast<ast::Name>(root);
    if (!n || bound.contains(n->text) || !path(inner))
      return nullptr;
    name = n->text + name;
    if (std::none_of(site.hidden.begin(), site.hidden.end(), [&](const Site::Hidden &h) { return h.name == name; }))
      site.hidden.push_back({name, &inner});
    return makeName(name, inner.range);
  });
  std::set<std::string> free = sema::freeNames(*site.owned);
  site.free.assign(free.begin(), free.end());
}

/// A name that was an `arg`, say, may have become a variable since.
void Interpreter::findVariables(Site &site) {
  if (site.scope == variables.size())
    return;
  site.scope = variables.size();
  std::vector<std::string> names;
  std::copy_if(site.free.begin(), site.free.end(), std::back_inserter(names),
               [&](const std::string &name) { return variables.contains(name); });
  if (names == site.names)
    return;
  site.names = std::move(names);
  site.instances.clear();
}

static bool sameInput(const Value &was, bool known, const Value &is) {
  if (was.kind == Value::text || is.kind == Value::text)
    return was.kind == is.kind && was.string == is.string;
  if (known)
    return was.kind == is.kind && was.number == is.number &&
           std::bit_cast<uint64_t>(was.fraction) == std::bit_cast<uint64_t>(is.fraction);
  return was.type == is.type || (was.type && is.type && engine::typeKey(*was.type) == engine::typeKey(*is.type));
}

std::shared_ptr<const engine::Unit> Interpreter::instantiate(Site &site, const char *tag, const ast::Expr &key,
                                                             std::vector<Value> &inputs,
                                                             const std::vector<std::string> &names,
                                                             const Site::Sources &from, bool checkGradients) {
  engine::Piece piece;
  piece.checkGradients = checkGradients;
  piece.range = key.range;
  piece.name = "script " + std::to_string(key.range.file) + ":" + std::to_string(key.range.begin) + "-" +
               std::to_string(key.range.end) + " " + tag;
  const ast::Expr &expr = *site.owned;
  piece.names = sema::freeNames(expr);
  piece.elaborate = [this, &expr](sema::Program &program, const std::vector<sema::Input> &inputs) {
    return sema::elaborate(program, module, expr, inputs);
  };
  while (true) {
    piece.inputs.clear();
    std::set<std::string> open; // weak integers that the compiler does not know
    for (size_t i = 0; i < inputs.size(); ++i) {
      sema::Input input{names[i], inputs[i].type ? *inputs[i].type : Type(), std::nullopt, from[i]};
      if (inputs[i].kind == Value::text) {
        sema::Value value;
        value.kind = sema::Value::string;
        value.text = inputs[i].string;
        input.known = std::move(value);
      } else if (site.known.contains(names[i]) && inputs[i].isHost()) {
        input.known = inputs[i].kind == Value::integer ? sema::Value::ofSize(inputs[i].number)
                      : inputs[i].kind == Value::real  ? sema::Value::ofNumber(inputs[i].fraction)
                                                       : sema::Value::ofTruth(inputs[i].number);
      } else if (inputs[i].kind == Value::integer) {
        open.insert(names[i]);
      }
      piece.inputs.push_back(std::move(input));
    }
    size_t reported = program.diagnostics().all().size();
    auto unit = workspace.unit(piece);
    if (program.firstCall)
      return nullptr; // seen: what follows is not of interest
    if (unit && !unit->wanted.empty()) {
      size_t before = site.known.size();
      site.known.insert(unit->wanted.begin(), unit->wanted.end());
      if (site.known.size() == before) {
        fail(Code::E0211, key.range, "`" + *unit->wanted.begin() + "` must be known when compiled");
        return nullptr;
      }
      continue;
    }
    if (!unit && !open.empty()) {
      // What has to be a size may stand where Sema does not ask for it: give all numbers and see.
      auto &all = program.diagnostics().all();
      bool size = std::all_of(all.begin() + ptrdiff_t(reported), all.end(),
                              [](const Diagnostic &d) { return d.code < Code::E0901; });
      if (size) {
        program.diagnostics().truncate(reported);
        site.known.insert(open.begin(), open.end());
        continue;
      }
    }
    return unit;
  }
}

Interpreter::Site::Sources Interpreter::sources(const Site &site, const std::vector<Value> &inputs) const {
  Site::Sources from(inputs.size());
  if (!site.derives)
    return from;
  for (size_t i = 0; i < inputs.size(); ++i)
    for (size_t k = 0; k < site.names.size(); ++k) // a derivative is by variables
      if (k != i && std::ranges::any_of(inputs[i].origins, [&](const Origins &origins) {
            return origins && std::ranges::binary_search(*origins, inputs[k].binding);
          }))
        from[i].push_back(site.names[k]);
  return from;
}

/// Of the leaves of a result.
std::vector<Origins> Interpreter::origins(const engine::Unit &unit, const std::vector<Value> &inputs) const {
  std::vector<Origins> out;
  for (size_t i = 0; i < unit.depends.size(); ++i) {
    if (i > 0 && unit.depends[i] == unit.depends[i - 1]) {
      out.push_back(out.back());
      continue;
    }
    Origins &all = out.emplace_back();
    for (uint32_t input : unit.depends[i])
      for (const Origins &origins : inputs[input].origins)
        all = merged(all, origins);
  }
  return out;
}

Value Interpreter::compiled(const ast::Expr &key, const char *tag, const ast::Expr &e) {
  Site &site = sites[&key];
  if (!site.owned)
    prepare(site, e);
  findVariables(site);

  std::vector<Value> inputs;
  inputs.reserve(site.names.size() + site.hidden.size());
  for (const std::string &name : site.names)
    inputs.push_back(variables.at(name));
  for (const Site::Hidden &hidden : site.hidden) {
    if (hidden.expr->kind == ast::Expr::CallK) {
      inputs.push_back(eval(*hidden.expr));
      if (!inputs.back())
        return {};
      continue;
    }
    auto value = path(*hidden.expr);
    if (!value)
      return fail(Code::E0208, hidden.expr->range, "`" + hidden.name + "` is not there any more");
    inputs.push_back(std::move(*value));
  }
  for (const Value &input : inputs)
    if (input.kind == Value::batches)
      return fail(Code::E0504, key.range, "batches are walked by `for`, and nothing else");

  Site::Sources from = sources(site, inputs);
  const engine::Unit *unit = nullptr;
  const std::vector<bool> *known = nullptr; ///< inputs that are in the code
  std::vector<std::string> names = site.names;
  for (const Site::Hidden &hidden : site.hidden)
    names.push_back(hidden.name);
  for (size_t i = site.instances.size(); i-- > 0 && !unit;) {
    Site::Instance &instance = site.instances[i];
    bool same = instance.from == from;
    for (size_t k = 0; same && k < inputs.size(); ++k) {
      same = sameInput(instance.inputs[k], instance.known[k], inputs[k]);
      if (same && !instance.known[k])
        instance.inputs[k].type = inputs[k].type; // found by its address the next time
    }
    if (!same)
      continue;
    // Some evaluations tell whether a derivative is right; the others go on without differences.
    if (!instance.unit->gradientChecks.empty() && ++instance.evaluations > GradientNumbers::evaluations) {
      instance.unit = instantiate(site, tag, key, inputs, names, from, false);
      if (!instance.unit)
        return {};
    }
    unit = instance.unit.get(), known = &instance.known;
  }
  if (!unit) {
    auto made = instantiate(site, tag, key, inputs, names, from, gradients != nullptr);
    if (!made)
      return {};
    Site::Instance instance{inputs, {}, std::move(from), made, 1};
    for (size_t i = 0; i < inputs.size(); ++i) {
      instance.known.push_back(inputs[i].isHost() && site.known.contains(names[i]));
      instance.inputs[i].leaves.clear();
      instance.inputs[i].origins.clear();
    }
    site.instances.push_back(std::move(instance));
    unit = made.get(), known = &site.instances.back().known;
  }

  llvm::SmallVector<const void *, 32> leaves;
  for (size_t i = 0; i < inputs.size(); ++i) {
    Value &input = inputs[i];
    if (input.kind == Value::text || (*known)[i])
      continue;
    if (input.kind == Value::real)
      leaves.push_back(&input.fraction);
    else if (input.isHost())
      leaves.push_back(&input.number); // a bool is its first byte
    for (const Tensor &leaf : input.leaves)
      leaves.push_back(leaf.data());
  }
  engine::Times::Watch watch(workspace.engine->times, engine::Times::run);
  tds_error check;
  auto results = unit->call(*workspace.place->device, workspace.engine->hosts, leaves, check);
  if (!results) {
    Range range = key.range;
    if (check.code != TDS_FINE && check.place >= 0 && size_t(check.place) < unit->places.size() &&
        unit->places[size_t(check.place)].file)
      range = unit->places[size_t(check.place)];
    return fail(results.error(), range);
  }
  std::vector<Tensor> made = results.take();
  if (gradients && !unit->gradientChecks.empty()) {
    size_t own = unit->depends.size();
    gradients->add(unit->gradientChecks, std::span<const Tensor>(made).subspan(own));
    made.resize(own);
  }
  return Value::of(unit->result, std::move(made), origins(*unit, inputs));
}
