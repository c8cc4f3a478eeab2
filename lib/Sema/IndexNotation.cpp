// Index notation: ranges are inferred from a first elaboration of the body, bounds are proved in a second.
#include "lib/Sema/Elaborator.h"
#include "llvm/Support/Casting.h"

using namespace tds;
using namespace tds::sema;
using graph::IndexVar;
using graph::Node;
using graph::Op;
using llvm::dyn_cast;

/// How many dims `...` stands for: from the first subscript `x[..., j]` in the body whose tensor is known outside.
std::optional<size_t> Elaborator::ellipsisRank(const ast::Expr &e) {
  std::optional<size_t> found;
  auto visit = [&](auto &self, const ast::Expr *x) -> void {
    if (!x || found)
      return;
    switch (x->kind) {
    case ast::Expr::SubscriptK: {
      auto &s = llvm::cast<ast::Subscript>(*x);
      bool has = false;
      size_t others = 0;
      for (const ast::Sub &sub : s.subs) {
        has |= sub.kind == ast::Sub::ellipsis;
        others += sub.kind == ast::Sub::index || sub.kind == ast::Sub::slice;
      }
      if (has) {
        size_t mark = diags.all().size();
        Value base = expr(*s.base);
        diags.truncate(mark);
        Value *leaf = nullptr;
        forEachLeaf(base, [&](Value &l) { leaf = leaf ? leaf : &l; });
        if (leaf && leaf->shape.size() >= others)
          found = leaf->shape.size() - others;
      }
      self(self, s.base.get());
      for (const ast::Sub &sub : s.subs)
        self(self, sub.value.get());
      break;
    }
    case ast::Expr::UnaryK: self(self, llvm::cast<ast::Unary>(*x).operand.get()); break;
    case ast::Expr::BinaryK:
      self(self, llvm::cast<ast::Binary>(*x).lhs.get());
      self(self, llvm::cast<ast::Binary>(*x).rhs.get());
      break;
    case ast::Expr::PipeK:
      self(self, llvm::cast<ast::Pipe>(*x).value.get());
      for (auto &a : llvm::cast<ast::Pipe>(*x).arguments)
        self(self, a.value.get());
      break;
    case ast::Expr::CallK:
      for (auto &a : llvm::cast<ast::Call>(*x).arguments)
        self(self, a.value.get());
      break;
    case ast::Expr::FieldK: self(self, llvm::cast<ast::FieldAccess>(*x).base.get()); break;
    case ast::Expr::IfK:
      self(self, llvm::cast<ast::If>(*x).condition.get());
      self(self, llvm::cast<ast::If>(*x).then.get());
      self(self, llvm::cast<ast::If>(*x).otherwise.get());
      break;
    case ast::Expr::IndexLambdaK: self(self, llvm::cast<ast::IndexLambda>(*x).body.get()); break;
    case ast::Expr::ReduceK: self(self, llvm::cast<ast::Reduce>(*x).body.get()); break;
    case ast::Expr::TupleK:
      for (auto &a : llvm::cast<ast::Tuple>(*x).elements)
        self(self, a.get());
      break;
    default: break;
    }
  };
  visit(visit, &e);
  return found;
}

Value Elaborator::overIndices(const std::vector<ast::Index> &list, Range range, const std::function<Value()> &body,
                              const ast::ReduceOp *reduce) {
  const ast::Expr *bodyExpr = indexBody;
  auto savedEnv = env;
  auto inner = std::make_shared<Env>();
  inner->parent = env;
  std::vector<size_t> own;
  std::vector<std::string> ellipsis;
  bool hasEllipsis = false;
  auto declare = [&](std::string name, Range where, std::optional<Dim> bound) {
    size_t id = indices.size();
    indices.push_back({int(id), name, where, std::move(bound)});
    own.push_back(id);
    Value v = Value::ofSize(Dim::name("$" + std::to_string(id)));
    v.range = where;
    inner->names[std::move(name)] = v;
  };
  for (const ast::Index &index : list) {
    if (index.ellipsis) {
      auto rank = bodyExpr ? ellipsisRank(*bodyExpr) : std::nullopt;
      if (!rank)
        return fail(Code::E0303, index.name.range, "nothing in the body says how many dimensions `...` stands for");
      hasEllipsis = true;
      for (size_t i = 0; i < *rank; ++i) {
        ellipsis.push_back("..." + std::to_string(i));
        declare(ellipsis.back(), index.name.range, std::nullopt);
      }
      continue;
    }
    std::optional<Dim> bound;
    if (index.bound) {
      Value range = expr(*index.bound);
      for (const std::string &name : range.size ? range.size->names() : std::set<std::string>{})
        if (name[0] == '$')
          return error(Code::E0211, index.bound->range, "the range of `" + index.name.text + "` depends on another index: " + quoted(*index.bound))
                     .help("run over all of them and choose: `sum[j](if j < i then x[i, j] else 0)`"),
                 Value{};
      bound = asSize(range, index.bound->range, "the range of an index");
      if (!bound)
        return {};
      if (bound->constant().value_or(0) < 0)
        return fail(Code::E0211, index.bound->range, "a size can't be negative; this is " + bound->str());
    }
    for (size_t id : own)
      if (indices[id].name == index.name.text)
        return fail(Code::E0221, index.name.range, "`" + index.name.text + "` is in this index list twice");
    declare(index.name.text, index.name.range, bound);
  }
  env = inner;
  if (hasEllipsis)
    ellipsisIndices.push_back(ellipsis);

  bool open = false, failed = false;
  for (size_t id : own)
    open |= !indices[id].bound;
  if (open) {
    size_t diagMark = diags.all().size(), mark = constraints.size();
    bool outer = std::exchange(collecting, true);
    Value ignored = body();
    collecting = outer;
    bool bodyFailed = ignored.kind == Value::none && diags.all().size() > diagMark;
    std::vector<Diagnostic> fromBody;
    if (bodyFailed)
      fromBody.assign(diags.all().begin() + diagMark, diags.all().end());
    diags.truncate(diagMark);
    if (!inferRanges(mark, range)) {
      failed = true;
    } else {
      for (size_t id : own)
        if (!indices[id].bound && !collecting && !failed) {
          failed = true;
          if (bodyFailed) {
            for (Diagnostic &d : fromBody)
              diags.error(d.code, d.range, d.message) = d;
            continue;
          }
          // Two open indices in one subscript share what neither has alone.
          const OpenIndex *partner = nullptr;
          for (size_t i = mark; i < constraints.size(); ++i)
            if (constraints[i].coordinate.mentions("$" + std::to_string(id)))
              for (size_t other : own)
                if (other != id && !indices[other].bound && constraints[i].coordinate.mentions("$" + std::to_string(other)))
                  partner = &indices[other];
          if (partner) {
            error(Code::E0303, indices[id].range, "the ranges of `" + indices[id].name + "` and `" + partner->name + "` can't be told apart")
                .help("give one: `" + partner->name + " < 3`");
            break;
          }
          auto &d = error(Code::E0303, indices[id].range, "nothing gives the range of `" + indices[id].name + "`");
          d.help("give it: `" + indices[id].name + " < n`");
        }
    }
    constraints.resize(mark);
  }
  Value value;
  if (!failed)
    value = body();
  env = savedEnv;
  if (hasEllipsis)
    ellipsisIndices.pop_back();
  if (value.kind == Value::none)
    return {};
  if (value.kind == Value::function || value.kind == Value::string || value.kind == Value::type)
    return fail(Code::E0202, range, "a body of index notation is a number, tensor or record; this is " + describe(value));
  std::vector<IndexVar> vars;
  for (size_t id : own)
    vars.push_back({int(id), indices[id].bound.value_or(Dim(1)), indices[id].name});
  return reduce ? reduceIndices(*reduce, std::move(value), vars, range) : buildLeaves(std::move(value), vars, range);
}

/// The rules of "Ranges": bare subscripts first, then the longest range that keeps `c*i + rest` inside.
bool Elaborator::inferRanges(size_t first, Range range) {
  for (bool changed = true; changed;) {
    changed = false;
    for (OpenIndex &index : indices) {
      if (index.bound)
        continue;
      std::string name = "$" + std::to_string(index.id);
      const Constraint *from = nullptr;
      std::optional<Dim> found;
      auto agree = [&](const Constraint &c, const Dim &bound) {
        if (!found) {
          found = bound;
          from = &c;
          return true;
        }
        if (*found == bound)
          return true;
        bool may = !found->constant() || !bound.constant();
        error(Code::E0301, index.range, "the ranges of `" + index.name + "` " + (may ? "may differ" : "differ") + ": " + found->str() + " and " + bound.str())
            .note(from->range, "runs over " + found->str() + ", a dimension of `" + from->tensor + "`")
            .note(c.range, "runs over " + bound.str() + ", a dimension of `" + c.tensor + "`")
            .help("give it: `" + index.name + " < " + found->str() + "`");
        return false;
      };
      for (size_t i = first; i < constraints.size(); ++i) {
        const Constraint &c = constraints[i];
        if (c.outside <= ast::Subscript::otherwise && c.coordinate == Dim::name(name) && !agree(c, c.size))
          return false;
      }
      if (!found)
        for (size_t i = first; i < constraints.size(); ++i) {
          const Constraint &c = constraints[i];
          if (c.outside != ast::Subscript::none || !c.coordinate.mentions(name))
            continue;
          auto linear = c.coordinate.linearIn(name);
          if (!linear || !isSize(linear->coefficient) || linear->coefficient.isConstant(0))
            continue;
          auto rest = interval(linear->rest);
          if (!rest)
            continue;
          // Upwards to the last element, or down to the first.
          bool down = linear->coefficient.constant().value_or(1) < 0;
          Dim bound = down ? Dim::floorDiv(rest->first, -linear->coefficient) + Dim(1)
                           : Dim::floorDiv(c.size - Dim(1) - rest->second + linear->coefficient, linear->coefficient);
          if (bound.constant().value_or(0) < 0)
            bound = 0;
          if (!agree(c, bound))
            return false;
        }
      if (found) {
        index.bound = found;
        changed = true;
      }
    }
  }
  return true;
}

Value Elaborator::buildLeaves(Value body, const std::vector<IndexVar> &vars, Range range) {
  return mapLeaves(body, [&](const Value &leaf) {
    Value v = leaf;
    Dims shape;
    for (const IndexVar &var : vars)
      shape.push_back(var.range);
    shape.insert(shape.end(), v.shape.begin(), v.shape.end());
    Node *n = node(Op::build, v.element, shape, {materialize(v)}, range);
    n->element = n->operands[0]->element;
    n->vars = vars;
    return Value::ofNode(n, v.weak);
  });
}

Value Elaborator::reduceIndices(ast::ReduceOp asked, Value body, const std::vector<IndexVar> &vars, Range range) {
  using R = ast::ReduceOp;
  static constexpr const char *names[] = {"sum", "prod", "mean", "max", "min", "any", "all", "argmax", "argmin", "logsumexp"};
  Dim count = 1;
  for (const IndexVar &var : vars)
    count = count * var.range;
  return mapLeaves(body, [&](const Value &leaf) -> Value {
    Value v = leaf;
    ast::ReduceOp op = asked;
    if (v.element == Element::boolean && v.shape.empty())
      op = ofBools(op, v, range);
    const char *name = names[size_t(op)];
    bool half = isHalf(v.element) && (op == R::mean || op == R::logsumexp); // the total may be more than a half holds
    if (half)
      v = convert(v, Element::f32, range);
    auto narrow = [&](Value result) { return half ? convert(result, leaf.element, range) : result; };
    auto reduce = [&](const char *kind, Node *x, Element element) {
      Node *n = node(Op::indexReduce, element, x->shape, {x}, range);
      n->name = kind;
      n->vars = vars;
      return n;
    };
    if (op == R::any || op == R::all) {
      if (v.element != Element::boolean || !v.shape.empty())
        return fail(Code::E0202, range, std::string("`") + name + "` takes one bool; this is " + describe(v));
      return Value::ofNode(reduce(name, materialize(v), Element::boolean));
    }
    if (op == R::argmax || op == R::argmin) {
      if (!v.shape.empty() || vars.size() != 1 || v.element == Element::key || isComplex(v.element))
        return fail(Code::E0202, range, std::string("`") + name + "` takes one index and one real number");
      if (vars[0].range.isConstant(0))
        return fail(Code::E0202, range, std::string("`") + name + "` over nothing");
      return Value::ofNode(reduce(name, materialize(v), Element::i32));
    }
    if (v.element == Element::key)
      return fail(Code::E0202, range, std::string("`") + name + "` takes numbers; this is a key");
    if (v.element == Element::boolean && (op == R::max || op == R::min))
      return fail(Code::E0202, range, std::string("`") + name + "` takes numbers; this is " + describe(v));
    if (isComplex(v.element) && op != R::sum && op != R::prod && op != R::mean)
      return fail(Code::E0202, range, std::string("complex numbers have no order: `") + name + "` of " + describe(v));
    bool small = v.element == Element::boolean || v.element == Element::i8 || v.element == Element::u8 || v.element == Element::i16;
    if ((op == R::sum || op == R::prod) && small)
      v = convert(v, Element::i32, range);
    if ((op == R::mean || op == R::logsumexp) && !isFloating(v.element) && !isComplex(v.element)) {
      bool weak = v.weak;
      v = Value::ofNode(convertNode(materialize(v), weak ? Element::f64 : Element::f32, range), weak);
    }
    Node *x = materialize(v);
    if (op == R::mean) {
      Node *n = node(Op::size, Element::i64, {}, {}, range);
      n->size = count;
      Node *total = reduce("sum", x, x->element);
      return narrow(Value::ofNode(point("div", {total, broadcast(convertNode(n, x->element, range), x->shape)}, range), v.weak));
    }
    if (op == R::logsumexp) {
      // log sum exp(x - m) + m with m the greatest; an infinite m would make nan of inf - inf.
      Node *zero = broadcast(constant(0, x->element, range), x->shape);
      Node *top = point("stop_gradient", {reduce("max", x, x->element)}, range);
      Node *m = point("select", {point("isfinite", {top}, range), top, zero}, range);
      Node *total = reduce("sum", point("exp", {point("sub", {x, m}, range)}, range), x->element);
      return narrow(Value::ofNode(point("add", {point("log", {total}, range), m}, range), v.weak));
    }
    return Value::ofNode(reduce(name, x, x->element), v.weak);
  });
}
