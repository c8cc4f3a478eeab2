#include "lib/Script/Arguments.h"
#include "lib/Sema/Sema.h"
#include "runtime/Format.h"
#include <algorithm>
#include <charconv>
#include <cmath>

using namespace tds;
using namespace tds::script;

std::vector<Argument> script::argumentsOf(sema::Program &program, const sema::Module &module) {
  std::vector<Argument> out;
  for (const ast::ItemPtr &item : module.file->items) {
    auto *c = llvm::dyn_cast<ast::ConstItem>(item.get());
    if (!c || !c->isArg)
      continue;
    Argument argument{c->name.text, Argument::other, std::string(program.sources().text(c->value->range)), ""};
    auto value = sema::constantValue(program, module, *c);
    if (!value)
      continue; // reported
    if (value->kind == sema::Value::string)
      argument.kind = Argument::text;
    else if (value->truth)
      argument.kind = Argument::truth;
    else if (value->number)
      argument.kind = Argument::real;
    else if (value->size)
      argument.kind = Argument::integer;
    Position place = program.sources().position(c->range.file, c->range.begin);
    for (const ast::Comment &comment : module.file->comments)
      if (comment.trailing && program.sources().position(comment.range.file, comment.range.begin).line == place.line)
        argument.doc = comment.text.substr(std::min(comment.text.find_first_not_of("# "), comment.text.size()));
    out.push_back(std::move(argument));
  }
  return out;
}

/// The text of a TDS expression for what was typed; empty if it is not of the kind.
static std::string valueText(const Argument &argument, const std::string &given) {
  const char *end = given.data() + given.size();
  if (argument.kind == Argument::integer) {
    int64_t number;
    auto parsed = std::from_chars(given.data(), end, number);
    return parsed.ec == std::errc() && parsed.ptr == end ? given : "";
  }
  if (argument.kind == Argument::real) {
    double number;
    auto parsed = std::from_chars(given.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end)
      return "";
    return rt::formatNumber(number); // "1" and ".5" are no floats of TDS
  }
  if (argument.kind == Argument::truth)
    return given == "true" || given == "1" ? "true" : given == "false" || given == "0" ? "false" : "";
  if (argument.kind == Argument::other)
    return given;
  std::string text = "\"";
  for (char c : given)
    text += c == '"' || c == '\\' ? std::string("\\") + c
            : c == '{'            ? "{{"
            : c == '}'            ? "}}"
            : c == '\n'           ? "\\n"
            : c == '\t'           ? "\\t"
                                  : std::string(1, c);
  return text + "\"";
}

static const char *kindName(Argument::Kind kind) {
  static constexpr const char *names[] = {"an integer", "a number", "true or false", "text", "an expression"};
  return names[kind];
}

std::string script::setArguments(sema::Program &program, const std::vector<Argument> &known,
                                 const std::vector<std::string> &given) {
  for (size_t i = 0; i < given.size(); ++i) {
    std::string name = given[i], value;
    if (!name.starts_with("--"))
      return "`" + name + "` is no argument; a script's arguments are written `--name value`";
    name.erase(0, 2);
    bool has = false;
    if (size_t sign = name.find('='); sign != std::string::npos) {
      value = name.substr(sign + 1);
      name.resize(sign);
      has = true;
    }
    auto it = std::find_if(known.begin(), known.end(), [&](const Argument &a) { return a.name == name; });
    if (it == known.end()) {
      std::string names;
      std::vector<std::string> candidates;
      for (const Argument &a : known) {
        names += (names.empty() ? "--" : ", --") + a.name;
        candidates.push_back(a.name);
      }
      std::string near = nearest(name, candidates);
      return "the script has no argument `--" + name + "`" + (near.empty() ? "" : "; did you mean `--" + near + "`?") +
             "\n" + (names.empty() ? "it has none" : "it has " + names);
    }
    if (!has && it->kind == Argument::truth && (i + 1 == given.size() || given[i + 1].starts_with("--"))) {
      value = "true"; // `--fast` alone
    } else if (!has) {
      if (++i == given.size())
        return "`--" + name + "` wants " + kindName(it->kind) + " behind it";
      value = given[i];
    }
    std::string text = valueText(*it, value);
    if (text.empty())
      return "`--" + name + "` is " + kindName(it->kind) + " (default " + it->initial + "), not `" + value + "`";
    program.arguments[name] = std::move(text);
  }
  return "";
}

std::string script::argumentHelp(const std::string &file, const std::vector<Argument> &known) {
  std::string out = "usage: tdslc run " + file +
                    (known.empty() ? "\n\nThe script has no arguments.\n" : " [--ARGUMENT VALUE]...\n\n");
  size_t width = 0;
  for (const Argument &a : known)
    width = std::max(width, a.name.size() + a.initial.size());
  for (const Argument &a : known)
    out += "  --" + a.name + " " + a.initial + std::string(width + 3 - a.name.size() - a.initial.size(), ' ') +
           (a.doc.empty() ? kindName(a.kind) : a.doc.c_str()) + "\n";
  return out;
}
