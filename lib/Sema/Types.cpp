// What types in a source mean, and how a call binds a signature's names.
#include "lib/Sema/Elaborator.h"
#include "lib/Sema/Habits.h"
#include "lib/Std/Std.h"
#include "llvm/Support/Casting.h"

using namespace tds;
using namespace tds::sema;
using graph::Node;
using graph::Op;
using llvm::dyn_cast;

/// `[12]` behind a type gives every leaf leading dimensions; those behind a record count as layers.
static void stackLeaves(Type &type, const Dims &lead, bool layers) {
  if (type.kind == Type::tensor) {
    type.shape.insert(type.shape.begin(), lead.begin(), lead.end());
    type.stacked += layers ? lead.size() : 0;
  }
  for (Type &part : type.parts)
    stackLeaves(part, lead, true);
}

static bool isNamed(const Dim &dim, const char *name) { return dim.asName() == name; }

/// The type of an annotation. With a binding, names that nothing has bound stay names (of a pattern); without one, every
/// name must be a size in scope.
std::optional<Type> Elaborator::resolveType(const ast::Type &t, Binding *binding) {
  Type type;
  auto dims = [&](const std::vector<ast::Dim> &list) -> std::optional<Dims> {
    Dims shape;
    for (const ast::Dim &dim : list) {
      if (dim.kind == ast::Dim::ellipsis) {
        shape.push_back(anyDims());
        continue;
      }
      if (dim.kind == ast::Dim::wild) {
        shape.push_back(anyDim());
        continue;
      }
      if (!binding) {
        auto size = sizeOf(*dim.value, "a size");
        if (!size)
          return std::nullopt;
        shape.push_back(*size);
        continue;
      }
      // Names of the signature shadow everything; arithmetic over them is elaborated with names standing for themselves.
      auto saved = env;
      auto inner = std::make_shared<Env>();
      inner->parent = env;
      env = inner;
      auto visit = [&](auto &self, const ast::Expr *e) -> void {
        if (auto *n = dyn_cast<ast::Name>(e)) {
          const Value *known = lookup(n->text, n->range);
          if ((binding->sizes.contains(n->text) || !(known && known->size)) && !module->consts.contains(n->text))
            inner->names[n->text] = Value::ofSize(Dim::name(n->text));
        } else if (auto *b = dyn_cast<ast::Binary>(e)) {
          self(self, b->lhs.get());
          self(self, b->rhs.get());
        } else if (auto *u = dyn_cast<ast::Unary>(e)) {
          self(self, u->operand.get());
        }
      };
      visit(visit, dim.value.get());
      auto size = sizeOf(*dim.value, "a size");
      env = saved;
      if (!size)
        return std::nullopt;
      shape.push_back(*size);
    }
    return shape;
  };
  std::vector<std::vector<ast::Dim>> const &suffixes = t.suffixes;
  size_t used = 0;
  if (t.kind == ast::Type::record) {
    type.kind = Type::record;
    for (const ast::Field &f : t.fields) {
      auto part = resolveType(*f.type, binding);
      if (!part)
        return std::nullopt;
      type.names.push_back(f.name.text);
      type.fileNames.push_back(f.as.value_or(f.name.text));
      type.parts.push_back(std::move(*part));
      type.initials.push_back(f.initial.get());
    }
    type.initialModule = module;
    type.initialEnv = env;
  } else if (t.kind == ast::Type::tuple) {
    type.kind = Type::tuple;
    for (auto &element : t.elements) {
      auto part = resolveType(*element, binding);
      if (!part)
        return std::nullopt;
      type.parts.push_back(std::move(*part));
    }
  } else {
    const Module *from = module;
    if (!t.module.empty()) {
      auto it = module->imports.find(t.module);
      if (it == module->imports.end()) {
        auto &d = error(Code::E0219, t.range, "no module is imported as `" + t.module + "`");
        if (isForeignModule(t.module))
          d.help(elementNamed(foreignType(t.name.text)) ? "write `" + foreignType(t.name.text) + "`" : "a tensor's type holds its element and its shape, `f32[n, 3]`");
        else if (stdlib::file(t.module))
          d.help("write `import " + t.module + "` above");
        return std::nullopt;
      }
      from = it->second;
    }
    const std::string &name = t.name.text;
    if (auto it = from->types.find(name); it != from->types.end()) {
      const ast::TypeItem &item = *it->second;
      std::map<std::string, Dim> parameters;
      if (!item.params.empty()) {
        if (suffixes.empty() || suffixes[0].size() != item.params.size())
          return error(Code::E0219, t.range, "`" + name + "` takes " + std::to_string(item.params.size()) + " sizes: `" + name + "[..]`"), std::nullopt;
        auto sizes = dims(suffixes[0]);
        if (!sizes)
          return std::nullopt;
        for (size_t i = 0; i < sizes->size(); ++i)
          parameters[item.params[i].text] = (*sizes)[i];
        used = 1;
      }
      // The alias' body is read in its own module, with its parameters as the only sizes.
      auto savedEnv = std::exchange(env, std::make_shared<Env>());
      const Module *savedModule = std::exchange(module, from);
      for (auto &[param, size] : parameters)
        env->names[param] = Value::ofSize(size);
      Binding none;
      auto body = aliasBody(item, t.range, binding ? &none : nullptr);
      env = savedEnv;
      module = savedModule;
      if (!body)
        return std::nullopt;
      type = std::move(*body);
    } else if (t.module.empty() && (name == "float" || name == "int")) {
      type.family = name == "float" ? Type::anyFloat : Type::anyInt;
      type.element = name == "float" ? Element::f32 : Element::i32;
      if (const Value *bound = lookup(name, t.range); bound && bound->kind == Value::type) {
        type.element = bound->element;
        type.family = Type::fixed;
      }
    } else if (auto element = elementNamed(name); element && t.module.empty()) {
      type.element = *element;
    } else {
      std::vector<std::string> names = {"bool", "i8", "i16", "i32", "i64", "u8", "f16", "bf16", "f32", "f64", "c64", "c128", "key", "float", "int"};
      for (auto &[n, item] : from->types)
        names.push_back(n);
      auto &d = error(Code::E0219, t.range, "no type is called `" + name + "`");
      if (std::string ours = foreignType(name); ours != name)
        d.help("write `" + ours + "`");
      else if (isForeignModule(t.module))
        d.help("write `" + foreignType(name) + "`");
      else if (name == "Tensor" || name == "Array" || name == "ndarray" || name == "array" || name == "tensor")
        d.help("a tensor's type holds its element and its shape, `f32[n, 3]`; without a type a parameter takes any");
      else if (std::string near = nearest(name, names); !near.empty())
        d.help("did you mean `" + near + "`?");
      return std::nullopt;
    }
  }
  // Further brackets give every leaf leading dimensions: `Block[d][12]`.
  Dims lead;
  for (size_t i = suffixes.size(); i-- > used;) {
    auto shape = dims(suffixes[i]);
    if (!shape)
      return std::nullopt;
    lead.insert(lead.end(), shape->begin(), shape->end());
  }
  if (type.kind == Type::tuple && !lead.empty())
    return error(Code::E0219, t.range, "a tuple can't be stacked; use a record"), std::nullopt;
  stackLeaves(type, lead, used > 0);
  return type;
}

/// What an alias stands for, in its own module and names.
std::optional<Type> Elaborator::aliasBody(const ast::TypeItem &item, Range range, Binding *binding) {
  if (!open.insert(&item).second)
    return error(Code::E0219, range, "the type `" + item.name.text + "` holds itself"), std::nullopt;
  auto body = resolveType(*item.type, binding);
  open.erase(&item);
  return body;
}

/// A type written where an expression stands: `init(Mlp[64, 128, 10], k)`.
std::optional<Type> Elaborator::typeFromExpr(const ast::Expr &e) {
  std::vector<const ast::Subscript *> brackets;
  const ast::Expr *head = &e;
  while (auto *s = dyn_cast<ast::Subscript>(head)) {
    brackets.insert(brackets.begin(), s);
    head = s->base.get();
  }
  const Module *from = module;
  std::string name;
  if (auto *n = dyn_cast<ast::Name>(head)) {
    name = n->text;
  } else if (auto *f = dyn_cast<ast::FieldAccess>(head)) {
    auto *base = dyn_cast<ast::Name>(f->base.get());
    auto it = base ? module->imports.find(base->text) : module->imports.end();
    if (it == module->imports.end())
      return error(Code::E0219, e.range, quoted(e) + " is no type"), std::nullopt;
    from = it->second;
    name = f->name.text;
  }
  auto it = from->types.find(name);
  auto element = elementNamed(name);
  if (it == from->types.end() && !element && name != "float" && name != "int") {
    auto &d = error(Code::E0219, e.range, quoted(e) + " is no type");
    if (std::string ours = foreignType(name); ours != name)
      return d.help("write `" + ours + "`"), std::nullopt;
    std::vector<std::string> names;
    for (auto &[n, item] : from->types)
      names.push_back(n);
    if (std::string near = nearest(name, names); !near.empty())
      d.help("did you mean `" + near + "`?");
    return std::nullopt;
  }
  auto sizes = [&](const ast::Subscript &s) -> std::optional<Dims> {
    Dims shape;
    for (const ast::Sub &sub : s.subs) {
      auto size = sub.kind == ast::Sub::index ? sizeOf(*sub.value, "a size") : std::nullopt;
      if (!size)
        return std::nullopt;
      shape.push_back(*size);
    }
    return shape;
  };
  Type type;
  size_t used = 0;
  if (it != from->types.end()) {
    const ast::TypeItem &item = *it->second;
    std::map<std::string, Value> names;
    if (!item.params.empty()) {
      auto shape = brackets.empty() ? std::nullopt : sizes(*brackets[0]);
      if (!brackets.empty() && !shape)
        return std::nullopt;
      if (!shape || shape->size() != item.params.size())
        return error(Code::E0219, e.range, "`" + name + "` takes " + std::to_string(item.params.size()) + " sizes: `" + name + "[..]`"), std::nullopt;
      for (size_t i = 0; i < shape->size(); ++i)
        names[item.params[i].text] = Value::ofSize((*shape)[i]);
      used = 1;
    }
    auto savedEnv = std::exchange(env, std::make_shared<Env>());
    const Module *savedModule = std::exchange(module, from);
    env->names = names;
    auto body = aliasBody(item, e.range, nullptr);
    env = savedEnv;
    module = savedModule;
    if (!body)
      return std::nullopt;
    type = std::move(*body);
  } else {
    type.element = element ? *element : name == "float" ? Element::f32 : Element::i32;
    if (!element)
      type.family = name == "float" ? Type::anyFloat : Type::anyInt;
  }
  Dims lead;
  for (size_t i = brackets.size(); i-- > used;) {
    auto shape = sizes(*brackets[i]);
    if (!shape)
      return std::nullopt;
    lead.insert(lead.end(), shape->begin(), shape->end());
  }
  stackLeaves(type, lead, used > 0);
  return type;
}

/// `p.w` of `p`, inside the quotes.
static std::string partOf(const std::string &what, const std::string &part) {
  return what.ends_with('`') ? what.substr(0, what.size() - 1) + part + "`" : what + part;
}

/// Whether two open sizes may well be equal although their canonical forms differ: `//` and `%` hold back what numbers decide.
static bool mayEqual(const Dim &a, const Dim &b) {
  Dim apart = a - b;
  if (apart.constant())
    return false;
  for (auto &[monomial, coefficient] : apart.getTerms())
    for (const Atom &atom : monomial)
      if (atom.kind != Atom::name)
        return true;
  return false;
}

Value Elaborator::equated(const Type &pattern, Value value, const Binding &binding) {
  for (size_t i = 0; i < value.parts.size() && i < pattern.parts.size(); ++i)
    value.parts[i] = equated(pattern.parts[i], std::move(value.parts[i]), binding);
  if (value.kind != Value::tensor || pattern.kind != Type::tensor || value.shape.empty())
    return value;
  Dims shape;
  for (const Dim &dim : pattern.shape) {
    size_t left = pattern.shape.size() - size_t(&dim - pattern.shape.data()) - 1;
    if (isNamed(dim, "..."))
      shape.assign(value.shape.begin(), value.shape.end() - ptrdiff_t(left));
    else
      shape.push_back(isNamed(dim, "_") ? value.shape[shape.size()] : dim.substitute(binding.sizes));
  }
  if (shape == value.shape)
    return value;
  Node *n = node(Op::reshape, value.element, std::move(shape), {materialize(value)}, value.range);
  n->element = n->operands[0]->element;
  Value same = Value::ofNode(n, value.weak);
  same.range = value.range;
  return same;
}

/// Binds what stands alone in the pattern and compares the rest; sizes that depend on names bound later are the
/// caller's equations, compared in `substitute`'s second round.
bool Elaborator::bindPattern(const Type &pattern, const Value &value, Binding &binding, Range range, const std::string &what) {
  auto report = [&](const std::string &why) -> Diagnostic & {
    auto &d = error(Code::E0205, range, what + " is " + describe(value) + ", expected " + pattern.str() + (why.empty() ? "" : ": " + why));
    helpArgument(d, pattern, value, range);
    if (value.range.file && !(value.range == range))
      d.note(value.range, "this is " + describe(value));
    return d;
  };
  auto mismatch = [&](const std::string &why) { return report(why), false; };
  if (pattern.kind != Type::tensor) {
    bool record = pattern.kind == Type::record;
    if (value.kind != (record ? Value::record : Value::tuple) || value.parts.size() != pattern.parts.size())
      return mismatch("");
    if (record && value.names != pattern.names) {
      for (size_t i = 0; i < pattern.names.size(); ++i)
        if (std::find(value.names.begin(), value.names.end(), pattern.names[i]) == value.names.end())
          return mismatch("the field `" + pattern.names[i] + "` is missing");
      return mismatch("the fields stand in another order");
    }
    for (size_t i = 0; i < pattern.parts.size(); ++i)
      if (!bindPattern(pattern.parts[i], value.parts[i], binding, range, partOf(what, record ? "." + pattern.names[i] : "[" + std::to_string(i) + "]")))
        return false;
    return true;
  }
  if (value.kind != Value::tensor)
    return mismatch("");
  if (!value.weak) {
    std::optional<Element> *family = pattern.family == Type::anyFloat ? &binding.anyFloat : pattern.family == Type::anyInt ? &binding.anyInt : nullptr;
    if (family) {
      if (!(pattern.family == Type::anyFloat ? isFloating(value.element) : isInteger(value.element)))
        return mismatch("");
      if (*family && **family != value.element)
        return mismatch((pattern.family == Type::anyFloat ? "`float` is " : "`int` is ") + std::string(elementName(**family)) + " here");
      *family = value.element;
    } else if (value.element != pattern.element) {
      return mismatch("");
    }
  }
  // `...` takes what the other dims leave.
  size_t ellipsis = pattern.shape.size();
  for (size_t i = 0; i < pattern.shape.size(); ++i)
    if (isNamed(pattern.shape[i], "..."))
      ellipsis = i;
  bool open = ellipsis < pattern.shape.size();
  size_t fixed = pattern.shape.size() - open;
  if (open ? value.shape.size() < fixed : value.shape.size() != fixed)
    return mismatch(std::to_string(value.shape.size()) + (value.shape.size() == 1 ? " dimension" : " dimensions") + ", expected " + std::to_string(fixed) + (open ? " or more" : ""));
  if (open) {
    Dims middle(value.shape.begin() + ellipsis, value.shape.end() - (fixed - ellipsis));
    if (binding.anyDims && !(*binding.anyDims == middle))
      return mismatch("`...` is " + tds::str(*binding.anyDims) + " and " + tds::str(middle));
    binding.anyDims = middle;
  }
  for (size_t i = 0; i < pattern.shape.size(); ++i) {
    if (i == ellipsis)
      continue;
    const Dim &expected = pattern.shape[i];
    size_t at = i < ellipsis ? i : value.shape.size() - (pattern.shape.size() - i);
    const Dim &actual = value.shape[at];
    if (isNamed(expected, "_"))
      continue;
    if (auto name = expected.asName()) {
      auto [it, isNew] = binding.sizes.try_emplace(*name, actual);
      if (isNew && value.range.file) {
        Value source = Value::ofSize(0);
        source.element = value.element, source.weak = value.weak, source.shape = value.shape, source.range = value.range;
        binding.from.emplace(*name, std::pair(std::move(source), at));
      }
      if (isNew || it->second == actual || mayEqual(it->second, actual))
        continue;
      bool may = !it->second.constant() || !actual.constant();
      Diagnostic &d = report("`" + *name + "` is " + it->second.str() + " and " + actual.str() + (may ? ", which may differ" : ""));
      auto first = binding.from.find(*name);
      if (first != binding.from.end() && value.range.file && !(first->second.first.range == value.range)) {
        std::erase_if(d.labels, [&](const Label &label) { return label.range == value.range && !label.context; });
        noteOperand(d, first->second.first, first->second.first.range, first->second.second);
        noteOperand(d, value, value.range, at);
      }
      return false;
    }
    bool bound = true;
    for (const std::string &name : expected.names())
      bound &= binding.sizes.contains(name);
    if (!bound)
      continue; // compared once everything is bound
    Dim wanted = expected.substitute(binding.sizes);
    if (wanted == actual)
      continue;
    // An equation between open sizes is left to the call that knows them; one that can't hold is an error now.
    if (!(wanted - actual).constant())
      continue;
    if (expected.constant())
      return mismatch(expected.str() + " and " + actual.str() + " differ");
    error(Code::E0206, range, what + " is " + describe(value) + ": the dimension `" + expected.str() + "` is " + wanted.str() + ", not " + actual.str());
    return false;
  }
  return true;
}
