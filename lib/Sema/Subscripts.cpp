// Subscripts: each becomes one access (affine coordinates, proved inside) or one gather (coordinates that are data).
#include "lib/Sema/Elaborator.h"
#include "llvm/Support/Casting.h"
#include <algorithm>

using namespace tds;
using namespace tds::sema;
using graph::Node;
using graph::Op;
using llvm::cast;
using llvm::dyn_cast;

static Dim local(size_t i) { return Dim::name("#" + std::to_string(i)); }

static bool isIndex(const std::string &name) { return name[0] == '$'; }

/// The least and greatest value over all index values, by interval arithmetic; none when not affine in the indices.
std::optional<std::pair<Dim, Dim>> Elaborator::interval(const Dim &dim) {
  Dim low, high;
  for (auto &[monomial, c] : dim.getTerms()) {
    Dim factor = c;
    const Atom *moving = nullptr;
    for (const Atom &a : monomial) {
      bool moves = a.kind == Atom::name ? isIndex(a.text) : !isSize(*a.lhs) || !isSize(*a.rhs);
      if (a.kind == Atom::name && a.text[0] == '%')
        return std::nullopt;
      if (!moves) {
        factor = factor * *Dim::parse(a.kind == Atom::name ? a.text : "(" + a.text + ")");
        continue;
      }
      if (moving)
        return std::nullopt;
      moving = &a;
    }
    if (!moving) {
      low = low + factor;
      high = high + factor;
      continue;
    }
    Dim from, to;
    if (moving->kind == Atom::name) {
      const OpenIndex &index = indices[std::stoul(moving->text.substr(1))];
      if (!index.bound)
        return std::nullopt;
      to = *index.bound - Dim(1);
    } else {
      if (!isSize(*moving->rhs))
        return std::nullopt;
      if (moving->kind == Atom::mod) {
        to = *moving->rhs - Dim(1);
      } else {
        auto inner = interval(*moving->lhs);
        if (!inner)
          return std::nullopt;
        from = Dim::floorDiv(inner->first, *moving->rhs);
        to = Dim::floorDiv(inner->second, *moving->rhs);
      }
    }
    low = low + factor * (c > 0 ? from : to);
    high = high + factor * (c > 0 ? to : from);
  }
  return std::pair{low, high};
}

/// Whether an affine coordinate stays in [0, size); else the error is reported. `counted` is set when it is affine.
bool Elaborator::proveInside(const Dim &coordinate, const Dim &size, const ast::Subscript &e, Range sub, bool &counted) {
  auto range = interval(coordinate);
  counted = range.has_value();
  if (!range)
    return true;
  Dim over = size - Dim(1) - range->second;
  // An index has a value, so the size that it runs to is at least 1.
  std::map<std::string, Dim> atLeastOne;
  for (const std::string &name : coordinate.names())
    if (isIndex(name))
      for (const std::string &size : indices[std::stoul(name.substr(1))].bound->names()) {
        auto bound = indices[std::stoul(name.substr(1))].bound->linearIn(size);
        if (bound && bound->coefficient.isConstant(1) && bound->rest.constant().value_or(1) <= 0) // size + c >= 1
          atLeastOne[size] = Dim::name(size) + Dim(1) - bound->rest;
      }
  auto holds = [&](const Dim &dim) { return dim.provablyNonNegative() || dim.substitute(atLeastOne).provablyNonNegative(); };
  bool low = holds(range->first), high = holds(over);
  // An empty index space reads nothing.
  for (const std::string &name : coordinate.names())
    if (isIndex(name) && indices[std::stoul(name.substr(1))].bound->isConstant(0))
      return true;
  if (low && high)
    return true;
  std::string at;
  Range first = {};
  for (const std::string &name : coordinate.names())
    if (isIndex(name)) {
      const OpenIndex &index = indices[std::stoul(name.substr(1))];
      auto linear = coordinate.linearIn(name);
      bool top = !linear || (linear->coefficient.constant().value_or(1) > 0) == !high;
      at += (at.empty() ? " at " : ", ") + index.name + " = " + (top ? (*index.bound - Dim(1)).str() : "0");
      first = index.range;
    }
  auto &d = error(Code::E0302, sub, quoted(e.range) + " leaves the tensor" + at + ": the dimension is " + size.str() + " long");
  if (!e.base) // unreachable for parsed trees; keeps the note below total
    return false;
  std::string base(program.sources().text(e.base->range)), text(program.sources().text(sub));
  auto names = coordinate.names();
  for (const std::string &name : names)
    if (isIndex(name)) {
      const OpenIndex &index = indices[std::stoul(name.substr(1))];
      auto linear = coordinate.linearIn(name);
      if (!high && low && linear && linear->coefficient.isConstant(1))
        d.help("write `[" + index.name + " < " + (*index.bound + over).str() + "] => ..`, or `" + base + "[" + text + " else 0]`");
      else
        d.help("say what is outside: `" + base + "[" + text + " else 0]`, `wrap` or `clamp`");
      break;
    }
  if (first.file)
    d.note(first, "the index runs over " + indices[std::stoul(names.begin()->substr(1))].bound->str());
  return false;
}

Value Elaborator::subscript(const ast::Subscript &e) {
  Value base = expr(*e.base);
  if (base.kind == Value::none)
    return {};
  if (base.kind == Value::tuple)
    return fail(Code::E0202, e.range, "a tuple is taken apart by targets alone: `a, b = t`");
  if (base.kind != Value::tensor && base.kind != Value::record)
    return fail(Code::E0202, e.base->range, quoted(*e.base) + " is " + describe(base) + " and has no subscripts");
  return mapLeaves(base, [&](const Value &leaf) {
    Value v = leaf;
    v.range = e.base->range;
    return subscriptTensor(v, e);
  });
}

Value Elaborator::subscriptTensor(Value base, const ast::Subscript &e) {
  Node *x = materialize(base);
  const Dims &shape = base.shape;

  // What each subscript is, `...` spelt out.
  struct Item {
    enum { index, slice, newAxis } kind;
    const ast::Sub *sub = nullptr;
    std::optional<Value> value; // of an index made from `...`
  };
  std::vector<Item> items;
  size_t consumed = 0, ellipses = 0;
  for (const ast::Sub &sub : e.subs) {
    consumed += sub.kind == ast::Sub::index || sub.kind == ast::Sub::slice;
    ellipses += sub.kind == ast::Sub::ellipsis;
  }
  const std::vector<std::string> *open = ellipsisIndices.empty() || !ellipses ? nullptr : &ellipsisIndices.back();
  if (open && open->empty())
    open = nullptr;
  if (open)
    consumed += open->size();
  if (ellipses > 1)
    return fail(Code::E0305, e.range, "one `...` in a subscript");
  if (consumed > shape.size())
    return error(Code::E0305, e.range, std::to_string(consumed) + " subscripts for " + std::to_string(shape.size()) + " dimension" + (shape.size() == 1 ? "" : "s"))
               .note(base.range, quoted(base.range) + " is " + describe(base)),
           Value{};
  for (const ast::Sub &sub : e.subs) {
    if (sub.kind == ast::Sub::ellipsis && open) {
      for (const std::string &name : *open)
        items.push_back({Item::index, &sub, env ? std::optional(*lookup(name, sub.range)) : std::nullopt});
    } else if (sub.kind == ast::Sub::ellipsis) {
      for (size_t i = consumed; i < shape.size(); ++i)
        items.push_back({Item::slice, nullptr, {}});
    } else {
      items.push_back({sub.kind == ast::Sub::index ? Item::index : sub.kind == ast::Sub::slice ? Item::slice : Item::newAxis, &sub, {}});
    }
  }
  if (!ellipses || open)
    for (size_t i = consumed; i < shape.size(); ++i)
      items.push_back({Item::slice, nullptr, {}});

  Dims result;
  std::vector<Dim> coordinates;
  struct Data {
    Node *node;
    size_t at; ///< where its dims stand in the result
  };
  std::vector<Data> ids;
  auto addData = [&](Node *n, size_t at) {
    ids.push_back({n, at});
    return Dim::name("@" + std::to_string(ids.size() - 1));
  };
  size_t dim = 0;
  bool tensorSeen = false;
  for (Item &item : items) {
    if (item.kind == Item::newAxis) {
      result.push_back(Dim(1));
      continue;
    }
    const Dim &size = shape[dim++];
    if (item.kind == Item::slice) {
      Dim begin = 0, end = size, step = 1;
      if (item.sub) {
        auto bound = [&](const ast::ExprPtr &part, Dim &into) {
          if (!part)
            return true;
          Value v = expr(*part);
          if (v.kind == Value::none)
            return false;
          if (!v.isScalar() || !isInteger(v.element))
            return fail(Code::E0304, part->range, "a slice runs between integers; this is " + describe(v)), false;
          into = linearForm(v);
          // A literal or size that is negative counts from the end.
          if (isSize(into) && !into.isConstant(0) && (-into).provablyNonNegative())
            into = into + size;
          return true;
        };
        if (item.sub->stride) {
          auto s = sizeOf(*item.sub->stride, "a stride");
          if (!s)
            return {};
          step = *s;
          if (step.constant().value_or(1) == 0)
            return fail(Code::E0306, item.sub->stride->range, "a stride of 0 goes nowhere");
        }
        bool down = step.constant().value_or(1) < 0;
        if (down)
          begin = size - Dim(1), end = Dim(-1);
        if (!bound(item.sub->begin, begin) || !bound(item.sub->end, end))
          return {};
      }
      Dim length = step.isConstant(1) ? end - begin : step.constant().value_or(1) < 0
                       ? Dim::floorDiv(begin - end - step - Dim(1), -step) : Dim::floorDiv(end - begin + step - Dim(1), step);
      if (!isSize(length)) {
        for (const std::string &name : length.names())
          if (name[0] == '%' && isScriptNumber(dataAtoms[std::stoul(name.substr(1))]))
            wanted.insert(dataAtoms[std::stoul(name.substr(1))]->label);
        return error(Code::E0306, item.sub->range, "the length of a slice is a size; " + quoted(item.sub->range) + " has a length that is data")
                   .help("write `" + quoted(*e.base).substr(1, quoted(*e.base).size() - 2) + "[t : t + 4]`, whose length is 4"),
               Value{};
      }
      auto outsideBy = [&](const Dim &room) { return room.constant().value_or(0) < 0; };
      bool up = step.constant().value_or(1) > 0, nothing = length.isConstant(0);
      Dim last = up ? size : size - Dim(1), least = up ? Dim(0) : Dim(-1);
      if (outsideBy(length) || (!nothing && isSize(begin) && (outsideBy(begin) || outsideBy(last - begin))) || (!nothing && isSize(end) && (outsideBy(end - least) || outsideBy(last - end))))
        return error(Code::E0306, item.sub->range, "the slice " + begin.str() + " : " + end.str() + " does not fit a dimension of " + size.str())
                   .note(base.range, quoted(base.range) + " is " + describe(base)),
               Value{};
      size_t at = result.size();
      result.push_back(length);
      if (isSize(begin)) {
        coordinates.push_back(begin + step * local(at));
      } else if (interval(begin) || collecting) {
        Dim last = begin + step * (length - Dim(1));
        if (collecting)
          constraints.push_back({last, size, item.sub->range, e.outside, std::string(program.sources().text(e.base->range))});
        bool affine;
        if (!collecting && e.outside == ast::Subscript::none && !(proveInside(begin, size, e, item.sub->range, affine) && proveInside(last, size, e, item.sub->range, affine)))
          return {};
        coordinates.push_back(begin + step * local(at));
      } else {
        coordinates.push_back(addData(nodeOfDim(begin, item.sub->range), at) + step * local(at));
      }
      continue;
    }
    Value v = item.value ? *item.value : expr(*item.sub->value);
    Range subRange = item.sub->range;
    if (v.kind == Value::none)
      return {};
    if (!v.isTensor() || !isInteger(v.element)) {
      if (v.isTensor() && v.element == Element::boolean && !v.shape.empty())
        return error(Code::E0211, e.range, "the size of " + quoted(e.range) + " depends on data").help("use `where`, or a script's `nonzero`"), Value{};
      auto &d = error(Code::E0304, subRange, "a subscript is an integer; " + quoted(subRange) + " is " + describe(v));
      if (v.isTensor() && isFloating(v.element) && !v.weak)
        d.help("write `i32(" + std::string(program.sources().text(subRange)) + ")`");
      return {};
    }
    if (!v.shape.empty()) {
      if (tensorSeen)
        return error(Code::E0305, subRange, "one integer tensor at most in a subscript").help("write index notation: `[i] => x[a[i], b[i]]`"), Value{};
      tensorSeen = true;
      size_t at = result.size();
      result.insert(result.end(), v.shape.begin(), v.shape.end());
      coordinates.push_back(addData(materialize(v), at));
      continue;
    }
    Dim form = v.size.value_or(Dim::name("%"));
    if (v.size && isSize(form)) {
      if (!form.isConstant(0) && (-form).provablyNonNegative() && e.outside == ast::Subscript::none)
        form = form + size;
      bool out = form.constant().value_or(0) < 0 || (size - Dim(1) - form).constant().value_or(0) < 0;
      if (out && e.outside == ast::Subscript::none && !collecting)
        return error(Code::E0302, subRange, quoted(subRange) + " is outside a dimension of " + size.str()).note(base.range, quoted(base.range) + " is " + describe(base)), Value{};
      coordinates.push_back(form);
      continue;
    }
    bool hasData = false;
    for (const std::string &name : form.names())
      hasData |= name[0] == '%';
    if (!hasData) {
      if (collecting)
        constraints.push_back({form, size, subRange, item.value ? ast::Subscript::none : e.outside, std::string(program.sources().text(e.base->range))});
      bool affine = true;
      if (!collecting && e.outside == ast::Subscript::none && !proveInside(form, size, e, subRange, affine))
        return {};
      if (affine && (collecting || interval(form))) {
        coordinates.push_back(form);
        continue;
      }
    }
    coordinates.push_back(addData(materialize(v), result.size()));
  }

  Node *n = node(ids.empty() ? Op::access : Op::gather, x->element, result, {x}, e.range);
  n->coordinates = std::move(coordinates);
  for (Data &data : ids) {
    Node *id = data.node;
    if (id->shape != result) { // spread over the result's dims
      Node *spread = node(Op::access, id->element, result, {id}, e.range);
      for (size_t i = 0; i < id->shape.size(); ++i)
        spread->coordinates.push_back(local(data.at + i));
      id = spread;
    }
    n->operands.push_back(id);
  }
  n->numIds = unsigned(ids.size());
  n->outside = graph::Outside(e.outside);
  if (!collecting && (e.outside == ast::Subscript::wrap || e.outside == ast::Subscript::clamp)) {
    // Some element is read for sure, and there is none.
    bool reads = std::ranges::all_of(result, [](const Dim &d) { return d.constant().value_or(0) > 0; }) &&
                 std::ranges::all_of(indices, [](const OpenIndex &i) { return i.bound && i.bound->constant().value_or(0) > 0; });
    if (reads && std::ranges::any_of(x->shape, [](const Dim &d) { return d.isConstant(0); }))
      return fail(Code::E0302, e.range, "there is nothing to " + std::string(e.outside == ast::Subscript::wrap ? "wrap" : "clamp") + " to: " + quoted(e.base->range) + " is " + describe(base));
  }
  if (e.outside == ast::Subscript::otherwise) {
    Value other = expr(*e.otherwiseValue);
    Value like = Value::ofNode(x, base.weak);
    like.shape = {};
    if (other.kind == Value::none)
      return {};
    if (!other.isTensor())
      return fail(Code::E0202, e.otherwiseValue->range, "`else` gives a value of the tensor's type; this is " + describe(other));
    Value placeholder = Value::ofNode(constant(0, base.element, e.range), base.weak);
    if (!unifyElements({&placeholder, &other}, "else", e.otherwiseValue->range))
      return {};
    Node *value = materialize(other);
    if (value->element != x->element)
      return fail(Code::E0217, e.otherwiseValue->range, "`else` of another type than the tensor: " + describe(other));
    Value part = Value::ofNode(n, base.weak);
    part.range = e.range;
    if (value->shape.size() > result.size())
      return fail(Code::E0203, e.otherwiseValue->range, "the value outside is " + describe(other) + ", the part that is read " + describe(part));
    if (!value->shape.empty()) {
      Value like = part;
      if (!unifyShapes({&like, &other}, "else", e.otherwiseValue->range))
        return {};
      if (other.shape != result)
        return fail(Code::E0203, e.otherwiseValue->range, "the value outside is " + describe(other) + ", the part that is read " + describe(part));
      value = other.node;
    }
    n->operands.push_back(value);
  }
  bool identity = n->op == Op::access && result == shape && e.outside == ast::Subscript::none;
  for (size_t i = 0; identity && i < n->coordinates.size(); ++i)
    identity = n->coordinates[i] == local(i);
  Value out = identity ? base : Value::ofNode(n, base.weak);
  out.range = e.range;
  return out;
}

/// `p.w = value`: the field keeps its type, the value is broadcast, a number also over the leaves of a record.
Value Elaborator::replaced(const Value &part, Value value, Range range) {
  if (value.kind == Value::none)
    return {};
  if (part.kind == Value::record || part.kind == Value::tuple) {
    bool same = value.kind == part.kind && value.names == part.names && value.parts.size() == part.parts.size();
    if (!same && !value.isTensor())
      return fail(Code::E0222, range, "an update by " + describe(value) + " of " + describe(part));
    Value result = part;
    for (size_t i = 0; i < result.parts.size(); ++i) {
      result.parts[i] = replaced(part.parts[i], same ? value.parts[i] : value, range);
      if (result.parts[i].kind == Value::none)
        return {};
    }
    return result;
  }
  if (!value.isTensor() || !part.isTensor())
    return fail(Code::E0222, range, "an update by " + describe(value) + " of " + describe(part));
  std::string given = describe(value);
  Value like = part, whole = part;
  if (!unifyElements({&like, &value}, "=", range))
    return {};
  if (value.shape.size() <= part.shape.size() && !unifyShapes({&whole, &value}, "=", range))
    return {};
  if (value.shape != part.shape)
    return fail(Code::E0203, range, "the value is " + given + ", the part that it replaces " + describe(part));
  return value;
}

/// `c[2:5] = e` and `p.blocks[3].w[0] = e`: a copy of `base` with `value` at the target; `target` is the part below the name.
Value Elaborator::update(const Value &base, const ast::Expr &target, Value value) {
  if (auto *f = dyn_cast<ast::FieldAccess>(&target)) {
    Value outer = expr(*f->base);
    if (outer.kind == Value::none)
      return {};
    if (outer.kind != Value::record)
      return fail(Code::E0208, f->name.range, quoted(*f->base) + " is " + describe(outer) + ", which has no fields");
    for (size_t i = 0; i < outer.names.size(); ++i)
      if (outer.names[i] == f->name.text) {
        outer.parts[i] = replaced(outer.parts[i], value, target.range);
        if (outer.parts[i].kind == Value::none)
          return {};
        return f->base->kind == ast::Expr::NameK ? outer : update(base, *f->base, outer);
      }
    return fail(Code::E0208, f->name.range, quoted(*f->base) + " has no field `" + f->name.text + "`");
  }
  auto &e = cast<ast::Subscript>(target);
  Value whole = expr(*e.base);
  if (whole.kind == Value::none || value.kind == Value::none)
    return {};
  if (whole.kind == Value::tuple)
    return fail(Code::E0202, e.range, "a tuple is taken apart by targets alone: `a, b = t`");
  if (e.outside != ast::Subscript::none)
    return fail(Code::E0222, e.range, "`else`, `wrap` and `clamp` say what is read outside; an update stays inside");
  std::vector<Value> parts; // of `value`, leaf by leaf
  forEachLeaf(value, [&](Value &leaf) { parts.push_back(leaf); });
  size_t next = 0;
  Value result = mapLeaves(whole, [&](const Value &leaf) -> Value {
    Value tensor = leaf;
    tensor.range = e.base->range;
    Value part = subscriptTensor(tensor, e); // its coordinates say where to write
    if (part.kind == Value::none)
      return {};
    Value v = value.isTensor() ? value : next < parts.size() ? parts[next++] : Value{};
    if (v.kind == Value::none)
      return fail(Code::E0222, e.range, "an update by " + describe(value) + " of " + describe(whole));
    Value like = part;
    if (!unifyElements({&like, &v}, "=", e.range))
      return {};
    if (v.shape.size() > part.shape.size())
      return fail(Code::E0203, e.range, "the value is " + describe(v) + ", the part that it replaces " + describe(part));
    Value target = part;
    if (!unifyShapes({&target, &v}, "=", e.range))
      return {};
    if (!(v.shape == part.shape))
      return fail(Code::E0203, e.range, "the value is " + describe(v) + ", the part that it replaces " + describe(part));
    Node *read = part.node;
    Node *n = node(Op::scatter, tensor.element, tensor.shape, {materialize(tensor), v.node}, e.range);
    n->name = "set";
    if (read == tensor.node) {
      for (size_t i = 0; i < tensor.shape.size(); ++i)
        n->coordinates.push_back(local(i));
    } else {
      n->coordinates = read->coordinates;
      n->numIds = read->numIds;
      n->operands.insert(n->operands.end(), read->operands.begin() + 1, read->operands.begin() + 1 + read->numIds);
    }
    Value out = Value::ofNode(n, tensor.weak);
    out.range = e.range;
    return out;
  });
  if (result.kind == Value::none)
    return {};
  return e.base->kind == ast::Expr::NameK ? result : update(base, *e.base, result);
}
