// What an error says beyond what was seen: the nearest name, what another language's word is here, the edit that mends it.
#include "lib/Sema/Elaborator.h"
#include "lib/Sema/Habits.h"
#include "lib/Std/Std.h"
#include "lib/Syntax/Token.h"
#include "llvm/Support/Casting.h"

using namespace tds;
using namespace tds::sema;
using llvm::cast;
using llvm::dyn_cast;

Diagnostic &Elaborator::error(Code code, Range range, std::string message) {
  Diagnostic &d = diags.error(code, range, std::move(message));
  bool sizes = code >= Code::E0203 && code <= Code::E0206;
  // The innermost calls first; a deep chain says nothing more.
  size_t shown = 0;
  for (auto it = frames.rbegin(); it != frames.rend() && shown < 4; ++it, ++shown) {
    if (it->call.file == 0)
      continue;
    // Where sizes are numbers, what the signature calls them.
    std::string known;
    if (sizes)
      for (auto &[name, size] : it->binding->sizes)
        if (size.constant())
          known += (known.empty() ? ", with " : ", ") + name + " = " + size.str();
    d.context(it->call, "in this call of `" + it->def->name.text + "`" + known);
  }
  return d;
}

Value Elaborator::fail(Code code, Range range, std::string message) {
  error(code, range, std::move(message));
  return {};
}

std::string Elaborator::quoted(Range range) const {
  std::string text(program.sources().text(range));
  if (text.size() > 40 || text.find('\n') != std::string::npos)
    return "this";
  return "`" + text + "`";
}

std::string Elaborator::sourceOf(Range range) const { return std::string(program.sources().text(range)); }

std::string Elaborator::describe(const Value &value) {
  switch (value.kind) {
  case Value::function: return "a function";
  case Value::string: return "a string";
  case Value::type: return "a type";
  default: return typeOf(value).str();
  }
}

//===--- Names ---------------------------------------------------------------------------------------------------===//

/// Everything that a name may mean where it stands, except what only messages know.
bool Elaborator::isKnown(const std::string &text, Range range) {
  if (lookup(text, range))
    return true;
  for (const OpenIndex &index : indices)
    if (index.name == text)
      return true;
  for (const Module *m : {module, program.prelude()})
    if (m && (m->consts.contains(text) || m->defs.contains(text)))
      return true;
  return text == "pi" || text == "inf" || text == "nan" || text == "float" || text == "int" || elementNamed(text) || isBuiltin(text) ||
         module->types.contains(text) || module->imports.contains(text) || boundInside.contains(text);
}

std::vector<std::string> Elaborator::allNames() const {
  std::vector<std::string> names;
  for (Env *e = env.get(); e; e = e->parent.get())
    for (auto &[name, value] : e->names)
      names.push_back(name);
  for (const OpenIndex &index : indices)
    names.push_back(index.name);
  for (const Module *m : {module, program.prelude()})
    if (m) {
      for (auto &[name, def] : m->defs)
        names.push_back(name);
      for (auto &[name, item] : m->consts)
        names.push_back(name);
      for (auto &[name, other] : m->imports)
        names.push_back(name);
    }
  for (auto &[name, f] : builtins())
    names.push_back(name);
  for (const FunctionInfo &f : scalarFunctions())
    if (isBuiltin(std::string(f.name)))
      names.emplace_back(f.name);
  return names;
}

/// The line in which the file's script first binds a name.
std::optional<uint32_t> Elaborator::scriptLineOf(const std::string &text) const {
  std::optional<uint32_t> line;
  auto see = [&](const ast::Expr &target) {
    auto *n = dyn_cast<ast::Name>(&target);
    if (n && n->text == text && !line)
      line = program.sources().position(n->range.file, n->range.begin).line;
  };
  for (const ast::ItemPtr &item : module->file->items) {
    auto *s = dyn_cast<ast::StmtItem>(item.get());
    auto *assign = s ? dyn_cast<ast::AssignStmt>(s->statement.get()) : nullptr;
    for (size_t i = 0; assign && i < assign->targets.size(); ++i)
      if (auto *tuple = dyn_cast<ast::Tuple>(assign->targets[i].get()))
        for (const ast::ExprPtr &part : tuple->elements)
          see(*part);
      else
        see(*assign->targets[i]);
  }
  return line;
}

/// `nothing here is called ...`, with what to write instead: another language's word first, then the nearest name.
void Elaborator::unknownName(const std::string &text, Range range, const ast::Call *call) {
  auto &d = error(Code::E0201, range, "nothing here is called `" + text + "`");
  // `x = 1 // what it is`
  std::string_view file = program.sources().text(range.file);
  size_t before = range.begin;
  while (before > 0 && file[before - 1] == ' ')
    --before;
  if (before > 1 && file.substr(before - 2, 2) == "//") {
    d.help("a comment starts with `#`");
    return;
  }
  if (std::string help = foreignName(text, call ? written(call->arguments, program.sources()) : std::vector<WrittenArgument>{}); !help.empty())
    d.help(help);
  else if (isForeignModule(text))
    d.help("functions have no prefix: `exp(x)`, `zeros((2, 3))`");
  else if (text != "prelude" && stdlib::file(text))
    d.help("write `import " + text + "` above");
  else if (auto line = scriptLineOf(text); line && !frames.empty())
    d.help("a def does not see what a script binds, only `const` and `arg`: make it a parameter");
  else if (line)
    d.help("it is bound in line " + std::to_string(*line));
  else if (std::string near = nearest(text, allNames()); !near.empty())
    d.help("did you mean `" + near + "`?");
}

/// `np.sum(x, axis=0)`, `torch.float32`: whether it was one, and is reported.
bool Elaborator::foreignPath(const ast::Expr &e, const ast::Call *call) {
  std::string last, root = rootOfPath(e, last);
  if (root.empty() || !isForeignModule(root) || isKnown(root, e.range))
    return false;
  auto &d = error(Code::E0216, e.range, "there is no `" + root + "`: functions have no prefix");
  std::vector<WrittenArgument> arguments;
  if (call)
    arguments = written(call->arguments, program.sources());
  bool ours = isBuiltin(last) || program.prelude()->defs.contains(last) || last == "pi" || last == "inf" || last == "nan";
  bool derives = syntax::derivativeOp(last).has_value();
  std::string help = derives ? "a derivative names its variables: `" + last + "[p](f(p))`" : ours ? "write `" + (call ? asTds(last, arguments) : last) + "`" : foreignName(last, arguments);
  if (help.empty())
    if (std::string near = nearest(last, allNames()); !near.empty())
      help = "did you mean `" + near + "`?";
  for (auto &[name, imported] : module->imports)
    if (help.empty() && imported->defs.contains(last))
      help = "write `" + name + "." + last + "`";
  if (!help.empty())
    d.help(help);
  return true;
}

/// `x.sum(0)`: there are no methods.
void Elaborator::foreignMethod(const ast::Call &call, const ast::FieldAccess &method, const Value &object) {
  auto &d = error(Code::E0216, call.range, "there are no methods; " + quoted(*method.base) + " is " + describe(object));
  std::vector<WrittenArgument> arguments = written(call.arguments, program.sources());
  arguments.insert(arguments.begin(), {"", sourceOf(method.base->range)});
  const std::string &name = method.name.text;
  bool ours = isBuiltin(name) || program.prelude()->defs.contains(name) || elementNamed(name) || name == "float" || name == "int";
  if (name == "shape" || name == "size")
    d.help(foreignField(name, arguments[0].value));
  else if (std::string help = foreignName(name, arguments); !help.empty() && (!ours || name == "reshape"))
    d.help(help);
  else if (ours)
    d.help("write `" + asTds(name, arguments) + "`");
  else if (auto it = module->defs.find(name); it != module->defs.end())
    d.help("write `" + asTds(name, arguments) + "`");
  else if (std::string help = foreignField(name, arguments[0].value); !help.empty())
    d.help(help);
  else if (std::string near = nearest(name, allNames()); !near.empty())
    d.help("did you mean `" + asTds(near, arguments) + "`?");
}

/// `x.T`: a tensor has no fields.
void Elaborator::foreignTensorField(const ast::FieldAccess &e, const Value &object) {
  const std::string &name = e.name.text;
  std::string x = sourceOf(e.base->range);
  auto &d = error(Code::E0216, e.name.range, "a tensor has no fields or methods; " + quoted(*e.base) + " is " + describe(object));
  if (std::string help = foreignField(name, x); !help.empty())
    d.help(help);
  else if (isBuiltin(name) || program.prelude()->defs.contains(name) || elementNamed(name))
    d.help("write `" + name + "(" + x + ")`");
  else if (std::string help = foreignName(name, {{"", x}}); !help.empty())
    d.help(help);
}

/// A keyword argument that the function does not have. `known` are those it has.
void Elaborator::noParameter(const std::string &function, const std::string &given, const Value &value, Range call, const std::vector<std::string> &known) {
  Range range = value.range.file ? value.range : call;
  std::string text = value.range.file ? sourceOf(value.range) : "";
  // From the argument's name on.
  if (value.range.file) {
    std::string_view before = program.sources().text(range.file).substr(0, range.begin);
    if (size_t at = before.rfind(given); at != std::string_view::npos && at >= call.begin)
      range.begin = uint32_t(at);
  }
  auto &d = error(Code::E0209, range, "`" + function + "` has no parameter `" + given + "`");
  auto has = [&](std::string_view name) { return std::find(known.begin(), known.end(), name) != known.end(); };
  std::string help = foreignArgument(given, text);
  bool axis = help.starts_with("write `axis="), keep = help.starts_with("write `keep=");
  if (!help.empty() && (!axis || has("axis")) && (!keep || has("keep")))
    d.help(help);
  else if (std::string near = nearest(given, known); !near.empty())
    d.help("did you mean `" + near + "`?");
  else if (!known.empty()) {
    std::string list;
    for (const std::string &name : known)
      list += (list.empty() ? "`" : ", `") + name + "`";
    d.help("it has " + list);
  }
}

//===--- Shapes --------------------------------------------------------------------------------------------------===//

/// A note at an operand: its source, its type and, with a mark below it, the dimension that disagrees.
void Elaborator::noteOperand(Diagnostic &d, const Value &v, Range range, size_t dim) {
  if (!range.file)
    return;
  std::string type = describe(v), text = quoted(range) + " is " + type;
  size_t at = text.size() - type.size() + type.find('[') + 1;
  if (dim >= v.shape.size() || type.find('[') == std::string::npos) {
    d.note(range, text);
    return;
  }
  for (size_t i = 0; i < dim; ++i)
    at += v.shape[i].str().size() + 2;
  d.note(range, text, uint32_t(at), uint32_t(at + v.shape[dim].str().size()));
}

/// Notes at two operands that ought to have one shape, apart from one dimension.
void Elaborator::noteDiffering(Diagnostic &d, const Value &a, const Value &b, int64_t apart) {
  size_t dim = 0;
  while (a.shape.size() == b.shape.size() && dim < a.shape.size() && (int64_t(dim) == apart || a.shape[dim] == b.shape[dim]))
    ++dim;
  noteOperand(d, a, a.range, a.shape.size() == b.shape.size() ? dim : size_t(-1));
  noteOperand(d, b, b.range, a.shape.size() == b.shape.size() ? dim : size_t(-1));
}

/// `y[:, new]`: the one way to put new dimensions into `text` of shape `from` so that it broadcasts to `to`; else empty.
static std::string withNewDims(const std::string &text, const Dims &from, const Dims &to) {
  if (from.size() >= to.size() || from.empty() || to.size() > 8)
    return "";
  std::vector<bool> found;
  unsigned ways = 0;
  for (unsigned set = 0; set < (1u << to.size()); ++set) { // the dims of `to` that `from` has
    if (size_t(__builtin_popcount(set)) != from.size())
      continue;
    bool fits = true;
    size_t next = 0;
    std::vector<bool> taken;
    for (size_t i = 0; i < to.size(); ++i) {
      taken.push_back(set >> i & 1);
      if (taken.back())
        fits &= from[next++] == to[i];
    }
    if (fits && ways++ == 0)
      found = taken;
  }
  if (ways != 1)
    return "";
  size_t begin = 0, end = found.size();
  while (!found[begin])
    ++begin;
  while (end > begin && found[end - 1])
    --end;
  std::string subs;
  for (size_t i = begin; i < end; ++i)
    subs += (subs.empty() ? "" : ", ") + std::string(found[i] ? ":" : "new");
  return operand(text) + "[" + subs + "]";
}

/// Says which edit of one operand makes two shapes broadcast, or what else may be meant.
void Elaborator::helpShapes(Diagnostic &d, const Value &a, const Value &b, const Dim &x, const Dim &y) {
  if (!a.range.file || !b.range.file)
    return;
  const Value &shorter = a.shape.size() <= b.shape.size() ? a : b, &longer = &shorter == &a ? b : a;
  std::string text = sourceOf(shorter.range);
  if (std::string edit = withNewDims(text, shorter.shape, longer.shape); !edit.empty() && text.size() <= 40)
    d.help("write `" + edit + "`");
  else if (a.shape.size() == 2 && b.shape.size() == 2 && a.shape[0] == b.shape[1] && a.shape[1] == b.shape[0])
    d.help("write `transpose(" + sourceOf(b.range) + ")`");
  else if (auto m = x.asName(), n = y.asName(); m && n && std::isalpha((*m)[0]) && std::isalpha((*n)[0]))
    d.help("if they are always equal, the signature says so by one name: `" + *m + "` for both");
}

/// Says which edit of an argument gives it the type of its parameter.
void Elaborator::helpArgument(Diagnostic &d, const Type &pattern, const Value &v, Range range) {
  if (pattern.kind != Type::tensor || v.kind != Value::tensor || !v.range.file || !(v.range == range))
    return;
  std::string text = sourceOf(range);
  if (text.size() > 40)
    return;
  auto fits = [&](const Dim &expected, const Dim &actual) {
    auto name = expected.asName();
    return expected == actual || (name && (*name == "_" || !expected.constant()));
  };
  bool sameRank = pattern.shape.size() == v.shape.size(), sameShape = sameRank;
  for (size_t i = 0; sameShape && i < v.shape.size(); ++i)
    sameShape = fits(pattern.shape[i], v.shape[i]);
  auto number = [](Element e) { return isFloating(e) || isInteger(e); };
  bool otherElement = pattern.family == Type::anyFloat  ? !isFloating(v.element)
                      : pattern.family == Type::anyInt ? !isInteger(v.element)
                                                       : v.element != pattern.element;
  if (otherElement && sameShape && !v.weak && number(v.element) && number(pattern.element))
    d.help("convert it: `" + std::string(elementName(pattern.element)) + "(" + text + ")`");
  if (otherElement || v.weak)
    return;
  if (v.shape.size() + 1 == pattern.shape.size()) {
    bool front = true, back = true;
    for (size_t i = 0; i < v.shape.size(); ++i)
      front &= fits(pattern.shape[i + 1], v.shape[i]), back &= fits(pattern.shape[i], v.shape[i]);
    auto one = [&](const Dim &dim) { return !dim.constant() || dim.isConstant(1); };
    if (front && one(pattern.shape[0]))
      d.help("one of them is `" + operand(text) + "[new]`");
    else if (back && one(pattern.shape.back()))
      d.help("as a column it is `" + operand(text) + "[..., new]`");
  } else if (sameRank && v.shape.size() == 2 && !sameShape && fits(pattern.shape[0], v.shape[1]) && fits(pattern.shape[1], v.shape[0])) {
    d.help("write `transpose(" + text + ")`");
  }
}
