#include "lib/Sema/Habits.h"
#include "lib/Std/Std.h"
#include "llvm/Support/Casting.h"
#include <algorithm>
#include <map>

using namespace tds;
using namespace tds::sema;
using llvm::dyn_cast;

namespace {
enum class Kind : uint8_t { prefix, type, habit, field, argument };

/// The table by kind and name.
const std::map<std::pair<Kind, std::string_view>, std::string_view> &table() {
  static const std::map<std::pair<Kind, std::string_view>, std::string_view> rows = {
#define TDS_PREFIX(name) {{Kind::prefix, #name}, ""},
#define TDS_TYPE(name, ours) {{Kind::type, #name}, #ours},
#define TDS_HABIT(name, help) {{Kind::habit, #name}, help},
#define TDS_FIELD(name, help) {{Kind::field, #name}, help},
#define TDS_ARGUMENT(name, help) {{Kind::argument, #name}, help},
#include "lib/Sema/Habits.def"
#undef TDS_PREFIX
#undef TDS_TYPE
#undef TDS_HABIT
#undef TDS_FIELD
#undef TDS_ARGUMENT
  };
  return rows;
}

std::string_view row(Kind kind, std::string_view name) {
  auto it = table().find({kind, name});
  return it == table().end() ? std::string_view() : it->second;
}

/// A value of Python in TDS's words: `True`, `np.float32`, `torch.pi`.
std::string translated(const std::string &text) {
  if (text == "True" || text == "False")
    return text == "True" ? "true" : "false";
  size_t dot = text.rfind('.');
  if (dot != std::string::npos && isForeignModule(std::string_view(text).substr(0, text.find('.'))) &&
      text.find('(') == std::string::npos)
    return foreignType(std::string_view(text).substr(dot + 1));
  std::string_view ours = row(Kind::type, text);
  return ours.empty() ? text : std::string(ours);
}

/// `(2, 3)` of several sizes, one as it is.
std::string shapeOf(const std::vector<WrittenArgument> &arguments, size_t from) {
  std::string text;
  size_t count = 0;
  for (size_t i = from; i < arguments.size(); ++i)
    if (arguments[i].name.empty())
      text += (count++ ? ", " : "") + arguments[i].value;
  return count == 0 ? "(2, 3)" : count == 1 ? text : "(" + text + ")";
}

/// `einsum("ij,jk->ik", a, b)` as `[i, k] => sum[j](a[i, j] * b[j, k])`; an example where it can't be read.
std::string einsumAsTds(const std::vector<WrittenArgument> &arguments) {
  std::string example = "c[i, j] := sum[k](a[i, k] * b[k, j])";
  if (arguments.size() < 2 || arguments[0].value.size() < 3 || arguments[0].value[0] != '"')
    return example;
  std::string spec, result, summed, product;
  for (char c : arguments[0].value)
    if (c != '"' && c != ' ')
      spec += c;
  size_t arrow = spec.find("->");
  if (arrow == std::string::npos || spec.find('.') != std::string::npos)
    return example;
  auto list = [](const std::string &letters) {
    std::string out;
    for (char c : letters)
      out += (out.empty() ? "" : ", ") + std::string(1, c);
    return out;
  };
  result = spec.substr(arrow + 2);
  std::string inputs = spec.substr(0, arrow) + ",", letters;
  size_t operandAt = 1;
  for (char c : inputs) {
    if (c != ',') {
      if (!std::isalpha(static_cast<unsigned char>(c)))
        return example;
      letters += c;
      if (result.find(c) == std::string::npos && summed.find(c) == std::string::npos)
        summed += c;
      continue;
    }
    if (operandAt == arguments.size() || letters.empty())
      return example;
    product += (product.empty() ? "" : " * ") + operand(arguments[operandAt++].value) + "[" + list(letters) + "]";
    letters.clear();
  }
  std::string body = summed.empty() ? product : "sum[" + list(summed) + "](" + product + ")";
  return result.empty() ? body : "[" + list(result) + "] => " + body;
}

/// The placeholders of a row, `$0`, by what was written.
std::string filled(std::string_view help, const std::vector<WrittenArgument> &arguments) {
  std::vector<std::string> positional;
  for (const WrittenArgument &a : arguments)
    if (a.name.empty())
      positional.push_back(translated(a.value));
  std::string out;
  for (size_t at = 0; at < help.size(); ++at) {
    if (help[at] != '$' || at + 1 == help.size()) {
      out += help[at];
      continue;
    }
    char which = help[++at];
    char before = out.empty() ? ' ' : out.back(), behind = at + 1 < help.size() ? help[at + 1] : ' ';
    if (which == 'S' || which == 'N') {
      out += shapeOf(arguments, which == 'S');
    } else if (which == 'E') {
      out += einsumAsTds(arguments);
    } else if (which == 'R') {
      out += positional.empty() ? "0..n" : positional.size() == 1 ? "0.." + operand(positional[0]) : operand(positional[0]) + ".." + operand(positional[1]);
    } else if (which == 'L' || which == 'P') {
      bool parts = !positional.empty() && positional[0].size() > 2 && (positional[0][0] == '(' || positional[0][0] == '[');
      std::string inside = parts ? positional[0].substr(1, positional[0].size() - 2) : "a, b";
      out += which == 'L' ? "[" + inside + "]" : "(" + inside + ")";
    } else if (which == 'T') {
      out += positional.size() > 1 ? positional[1] : "f32";
    } else {
      static constexpr const char *missing[] = {"x", "y", "z"};
      size_t i = size_t(which - '0');
      std::string text = i < positional.size() ? positional[i] : missing[std::min<size_t>(i, 2)];
      // Inside a call's brackets, or alone, nothing needs brackets of its own.
      bool alone = (before == '(' || before == '`' || out.ends_with(", ") || before == '=' || before == '"' || before == '{') &&
                   (behind == ')' || behind == '`' || behind == ',' || behind == '"' || behind == '}');
      out += alone ? text : operand(text);
    }
  }
  return out;
}
} // namespace

std::string sema::operand(const std::string &text) {
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    depth += (c == '(' || c == '[' || c == '{') - (c == ')' || c == ']' || c == '}');
    if (depth == 0 && (c == ' ' || (i == 0 && c == '-') || std::string_view("+*/%@<>=").find(c) != std::string_view::npos))
      return "(" + text + ")";
  }
  return text;
}

std::vector<WrittenArgument> sema::written(const std::vector<ast::Argument> &arguments, const Sources &sources) {
  std::vector<WrittenArgument> out;
  for (const ast::Argument &a : arguments)
    out.push_back({a.name ? a.name->text : "", std::string(sources.text(a.value->range))});
  return out;
}

bool sema::isForeignModule(std::string_view name) { return table().contains({Kind::prefix, name}); }

std::string sema::foreignType(std::string_view name) {
  std::string_view ours = row(Kind::type, name);
  return std::string(ours.empty() ? name : ours);
}

std::string sema::foreignName(std::string_view name, const std::vector<WrittenArgument> &arguments) {
  if (std::string_view type = row(Kind::type, name); !type.empty())
    return arguments.empty() ? "write `" + std::string(type) + "`"
                             : "write `" + std::string(type) + "(" + translated(arguments[0].value) + ")`";
  if (std::string_view help = row(Kind::habit, name); !help.empty())
    return filled(help, arguments);
  for (std::string_view module : stdlib::moduleNames())
    for (auto &[file, text] : stdlib::files(module))
      if (module != "prelude" && text.find("\ndef " + std::string(name) + "(") != std::string_view::npos)
        return "write `" + std::string(module) + "." + (arguments.empty() ? std::string(name) : asTds(name, arguments)) + "` behind `import " +
             std::string(module) + "`";
  return "";
}

std::string sema::foreignField(std::string_view name, const std::string &object) {
  return filled(row(Kind::field, name), {{"", object}});
}

std::string sema::foreignArgument(std::string_view name, const std::string &value) {
  return filled(row(Kind::argument, name), {{"", value}});
}

std::string sema::asTds(std::string_view function, const std::vector<WrittenArgument> &arguments) {
  static constexpr std::string_view alongAxis[] = {"sum",    "prod",      "mean", "max", "min",    "any",     "all",     "argmax",
                                                   "argmin", "logsumexp", "var",  "std", "cumsum", "cumprod", "softmax", "log_softmax"};
  bool axis = std::find(std::begin(alongAxis), std::end(alongAxis), function) != std::end(alongAxis);
  bool makes = function == "zeros" || function == "ones";
  std::string out = std::string(function) + "(", type;
  size_t position = 0;
  std::vector<std::string> parts;
  for (const WrittenArgument &a : arguments) {
    std::string value = translated(a.value);
    if (a.name.empty()) {
      parts.push_back((axis && position == 1 ? "axis=" : "") + value);
      ++position;
    } else if (a.name == "dtype" || a.name == "device" || a.name == "requires_grad") {
      type = a.name == "dtype" ? value : type;
    } else {
      std::string name = a.name == "dim" || a.name == "dims"             ? "axis"
                         : a.name == "keepdims" || a.name == "keepdim" ? "keep"
                                                                       : a.name;
      parts.push_back(name + "=" + value);
    }
  }
  if (makes && position > 1) { // `zeros(2, 3)`
    std::string shape = shapeOf(arguments, 0);
    parts.assign(1, shape);
  }
  if (!type.empty() && makes)
    parts.push_back(type);
  for (const std::string &part : parts)
    out += (&part == parts.data() ? "" : ", ") + part;
  out += ")";
  return type.empty() || makes ? out : type + "(" + out + ")";
}

std::string sema::rootOfPath(const ast::Expr &e, std::string &last) {
  auto *f = dyn_cast<ast::FieldAccess>(&e);
  if (!f)
    return "";
  last = f->name.text;
  const ast::Expr *base = f->base.get();
  while (auto *inner = dyn_cast<ast::FieldAccess>(base))
    base = inner->base.get();
  auto *name = dyn_cast<ast::Name>(base);
  return name ? name->text : "";
}

std::string sema::foreignStatement(const ast::Call &call, const Sources &sources) {
  std::vector<WrittenArgument> arguments = written(call.arguments, sources);
  if (auto *n = dyn_cast<ast::Name>(call.callee.get()))
    return foreignName(n->text, arguments);
  auto *f = dyn_cast<ast::FieldAccess>(call.callee.get());
  if (!f)
    return "";
  std::string last, root = rootOfPath(*f, last);
  if (!isForeignModule(root))
    arguments.insert(arguments.begin(), {"", std::string(sources.text(f->base->range))});
  return foreignName(last, arguments);
}
