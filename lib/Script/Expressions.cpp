// Expressions: what the host can do with numbers, names and strings; the rest goes to Compiled.cpp.
#include "lib/Script/Interpreter.h"
#include "runtime/Format.h"
#include "runtime/Random.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

using namespace tds;
using namespace tds::script;
using llvm::cast;
using llvm::dyn_cast;
using sema::Type;

Value Interpreter::fail(Code code, Range range, std::string message) {
  program.diagnostics().error(code, range, std::move(message));
  return {};
}

Code script::codeOf(const Error &error) {
  for (uint16_t code = 0; code <= uint16_t(Code::E0902); ++code)
    if (codeName(Code(code)) == error.code)
      return Code(code);
  return Code::E0902;
}

Value Interpreter::fail(const Error &error, Range range) {
  auto &d = program.diagnostics().error(codeOf(error), range, error.message);
  for (const std::string &help : error.help)
    d.help(help);
  return {};
}

/// Whether something of the program has this name, so that a built-in of that name is hidden.
bool Interpreter::has(const std::string &name) const {
  return variables.contains(name) || module.defs.contains(name) || module.consts.contains(name);
}

Value Interpreter::eval(const ast::Expr &e) {
  if (auto *s = dyn_cast<ast::String>(&e))
    return text(*s);
  size_t reported = program.diagnostics().all().size();
  if (auto value = host(e))
    return *value;
  if (program.diagnostics().all().size() != reported)
    return {};
  if (Builtin f = builtinOf(e))
    return (this->*f)(cast<ast::Call>(e));
  // What the host decides it decides here: the other side may not even fit.
  if (auto *i = dyn_cast<ast::If>(&e))
    if (auto condition = host(*i->condition); condition && condition->kind == Value::truth)
      return eval(condition->number ? *i->then : *i->otherwise);
  // A literal of what is there already shares it.
  if (auto *r = dyn_cast<ast::Record>(&e)) {
    std::vector<Value> parts;
    std::vector<std::string> names;
    for (auto &[name, value] : r->fields) {
      auto part = host(*value);
      if (!part || !part->type || std::ranges::find(names, name.text) != names.end()) // Sema refuses a name given twice
        return compiled(e);
      parts.push_back(part->settled());
      names.push_back(name.text);
    }
    return Value::group(Type::record, std::move(parts), std::move(names));
  }
  if (auto *t = dyn_cast<ast::Tuple>(&e); t && !t->elements.empty()) {
    std::vector<Value> parts;
    for (const ast::ExprPtr &element : t->elements) {
      auto part = host(*element);
      if (!part || !part->type)
        return compiled(e);
      parts.push_back(std::move(*part));
    }
    return Value::group(Type::tuple, std::move(parts));
  }
  return compiled(e);
}

std::optional<Value> Interpreter::constant(const std::string &name) {
  auto item = module.consts.find(name);
  if (item == module.consts.end())
    return std::nullopt;
  auto [it, isNew] = constants.try_emplace(name);
  if (isNew) {
    auto value = sema::constantValue(program, module, *item->second);
    if (!value)
      return std::nullopt;
    if (value->kind == sema::Value::string)
      it->second = Value::ofText(value->text);
    else if (value->truth)
      it->second = Value::ofTruth(*value->truth);
    else if (value->number)
      it->second = Value::ofReal(*value->number);
    else if (value->size && value->size->constant())
      it->second = Value::ofInteger(*value->size->constant());
  }
  if (!it->second)
    return std::nullopt; // of tensors: compiled code knows it
  return it->second;
}

std::optional<Value> Interpreter::path(const ast::Expr &e) {
  if (auto *n = dyn_cast<ast::Name>(&e)) {
    auto it = variables.find(n->text);
    if (it == variables.end())
      return std::nullopt;
    return it->second;
  }
  if (auto *f = dyn_cast<ast::FieldAccess>(&e))
    if (auto base = path(*f->base))
      if (Value field = base->field(f->name.text))
        return field;
  return std::nullopt;
}

std::optional<Value> Interpreter::host(const ast::Expr &e) {
  switch (e.kind) {
  case ast::Expr::NumberK: {
    auto &n = cast<ast::Number>(e);
    if (n.isFloat)
      return Value::ofReal(n.real);
    if (n.integer > uint64_t(INT64_MAX))
      return std::nullopt;
    return Value::ofInteger(int64_t(n.integer));
  }
  case ast::Expr::BoolK:
    return Value::ofTruth(cast<ast::Bool>(e).value);
  case ast::Expr::NameK: {
    const std::string &name = cast<ast::Name>(e).text;
    if (auto value = path(e))
      return value;
    if (auto value = constant(name))
      return value;
    if (has(name))
      return std::nullopt;
    if (name == "pi")
      return Value::ofReal(std::numbers::pi);
    if (name == "inf")
      return Value::ofReal(std::numeric_limits<double>::infinity());
    if (name == "nan")
      return Value::ofReal(std::numeric_limits<double>::quiet_NaN());
    return std::nullopt;
  }
  case ast::Expr::FieldK:
    return path(e);
  case ast::Expr::StringK: {
    if (Value value = text(cast<ast::String>(e)))
      return value;
    return std::nullopt;
  }
  case ast::Expr::UnaryK: {
    auto &u = cast<ast::Unary>(e);
    auto value = host(*u.operand);
    if (!value)
      return std::nullopt;
    if (u.op == ast::UnaryOp::logicalNot && value->kind == Value::truth)
      return Value::ofTruth(!value->number);
    if (u.op == ast::UnaryOp::neg && value->kind == Value::integer)
      return Value::ofInteger(int64_t(-uint64_t(value->number)));
    if (u.op == ast::UnaryOp::neg && value->kind == Value::real) {
      value->fraction = -value->fraction;
      return value;
    }
    return std::nullopt;
  }
  case ast::Expr::BinaryK:
    return hostBinary(cast<ast::Binary>(e));
  case ast::Expr::CallK:
    return hostCall(cast<ast::Call>(e));
  case ast::Expr::IfK: {
    auto &i = cast<ast::If>(e);
    auto condition = host(*i.condition);
    if (!condition || condition->kind != Value::truth)
      return std::nullopt;
    return host(condition->number ? *i.then : *i.otherwise);
  }
  default:
    return std::nullopt;
  }
}

template <class Number> static std::optional<Value> comparison(ast::BinaryOp op, Number a, Number b) {
  using enum ast::BinaryOp;
  switch (op) {
  case eq:
    return Value::ofTruth(a == b);
  case ne:
    return Value::ofTruth(a != b);
  case lt:
    return Value::ofTruth(a < b);
  case le:
    return Value::ofTruth(a <= b);
  case gt:
    return Value::ofTruth(a > b);
  case ge:
    return Value::ofTruth(a >= b);
  default:
    return std::nullopt;
  }
}

/// Weak integers are 64 bits and wrap; `//` and `%` floor, and are 0 by 0.
static std::optional<Value> integerOp(ast::BinaryOp op, int64_t a, int64_t b) {
  using enum ast::BinaryOp;
  switch (op) {
  case add:
    return Value::ofInteger(int64_t(uint64_t(a) + uint64_t(b)));
  case sub:
    return Value::ofInteger(int64_t(uint64_t(a) - uint64_t(b)));
  case mul:
    return Value::ofInteger(int64_t(uint64_t(a) * uint64_t(b)));
  case div:
    return Value::ofReal(double(a) / double(b));
  case floordiv:
  case mod: {
    if (b == 0)
      return Value::ofInteger(0);
    if (b == -1)
      return Value::ofInteger(op == mod ? 0 : int64_t(-uint64_t(a)));
    int64_t quotient = a / b - (a % b != 0 && (a < 0) != (b < 0));
    return Value::ofInteger(op == mod ? a - quotient * b : quotient);
  }
  default:
    return comparison(op, a, b);
  }
}

static std::optional<Value> realOp(ast::BinaryOp op, double a, double b) {
  using enum ast::BinaryOp;
  switch (op) {
  case add:
    return Value::ofReal(a + b);
  case sub:
    return Value::ofReal(a - b);
  case mul:
    return Value::ofReal(a * b);
  case div:
    return Value::ofReal(a / b);
  default:
    return comparison(op, a, b);
  }
}

std::optional<Value> Interpreter::hostBinary(const ast::Binary &e) {
  auto a = host(*e.lhs);
  if (!a || !a->isHost())
    return std::nullopt;
  auto b = host(*e.rhs);
  if (!b || !b->isHost())
    return std::nullopt;
  if (a->kind == Value::truth && b->kind == Value::truth) {
    bool x = a->number, y = b->number;
    switch (e.op) {
    case ast::BinaryOp::logicalAnd:
      return Value::ofTruth(x && y);
    case ast::BinaryOp::logicalOr:
      return Value::ofTruth(x || y);
    case ast::BinaryOp::eq:
      return Value::ofTruth(x == y);
    case ast::BinaryOp::ne:
      return Value::ofTruth(x != y);
    default:
      return std::nullopt;
    }
  }
  if (!a->isNumber() || !b->isNumber())
    return std::nullopt;
  if (a->kind == Value::integer && b->kind == Value::integer)
    return integerOp(e.op, a->number, b->number);
  auto value = realOp(e.op, a->asReal(), b->asReal());
  if (value && value->kind == Value::real)
    value->origins = {merged(a->originsOf(0), b->originsOf(0))};
  return value;
}

/// Keys from numbers; the definitions are those of compiled code.
std::optional<Value> Interpreter::hostCall(const ast::Call &e) {
  auto *callee = dyn_cast<ast::Name>(e.callee.get());
  if (!callee || (callee->text != "key" && callee->text != "fold_in") || has(callee->text))
    return std::nullopt;
  std::vector<Value> values;
  for (const ast::Argument &a : e.arguments) {
    auto value = a.name ? std::nullopt : host(*a.value);
    if (!value)
      return std::nullopt;
    values.push_back(std::move(*value));
  }
  if (callee->text == "key" && values.size() == 1 && values[0].kind == Value::integer)
    return Value::ofTensor(Tensor::scalar(uint64_t(values[0].number)));
  if (callee->text == "fold_in" && values.size() == 2 && values[0].isTensor() && values[0].isScalar() &&
      values[0].leaves[0].element() == Element::key && values[1].kind == Value::integer) {
    uint64_t key = *static_cast<const uint64_t *>(values[0].leaves[0].data());
    return Value::ofTensor(Tensor::scalar(rt::foldIn(key, uint64_t(values[1].number))));
  }
  return std::nullopt;
}

//===--- Strings -------------------------------------------------------------------------------------------------===//

std::optional<std::string> Interpreter::formatted(const Value &value, const std::string &format, Range range) {
  if (format.empty())
    return value.str();
  Result<std::string> text =
      value.kind == Value::integer || value.kind == Value::truth ? rt::formatScalar(value.number, format)
      : value.kind == Value::real                                ? rt::formatScalar(value.fraction, format)
      : value.isTensor() ? rt::formatTensor(value.leaves[0], format)
                         : Error{"E0705", "a format is for one number; this is " + value.describe(), {}, {}, {}};
  if (!text)
    return fail(text.error(), range), std::nullopt;
  return text.take();
}

Value Interpreter::text(const ast::String &s) {
  std::string out;
  for (const ast::String::Part &part : s.parts) {
    out += part.text;
    if (!part.value)
      continue;
    Value value = eval(*part.value);
    if (!value)
      return {};
    auto text = formatted(value, part.format, part.value->range);
    if (!text)
      return {};
    out += *text;
  }
  return Value::ofText(std::move(out));
}
