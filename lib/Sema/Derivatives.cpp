// `grad[p](e)` and its kin: one node whose scope has the variables as parameters.
#include "lib/Sema/Elaborator.h"

using namespace tds;
using namespace tds::sema;
using graph::Node;
using graph::Op;

/// The same value as another node: what is computed from one was not computed from the other.
Node *Elaborator::again(Node *n) {
  Node *copy = node(Op::access, n->element, n->shape, {n}, n->range);
  for (size_t k = 0; k < n->shape.size(); ++k)
    copy->coordinates.push_back(Dim::name("#" + std::to_string(k)));
  return copy;
}

/// Whether a derivative of a node by one of the variables (itself included) could be other than zero, for the def that has these arguments.
bool Elaborator::dependsOn(Node *root, const std::vector<Node *> &variables, const std::set<Node *> &arguments) {
  std::set<Node *> seen;
  std::vector<Node *> work{root};
  while (!work.empty()) {
    Node *n = work.back();
    work.pop_back();
    if (!n || !seen.insert(n).second)
      continue;
    if (std::find(variables.begin(), variables.end(), n) != variables.end())
      return true;
    if (!graph::passesDerivative(*n) || arguments.contains(n))
      continue;
    work.insert(work.end(), n->operands.begin(), n->operands.end());
    for (graph::Scope *s : n->scopes)
      work.insert(work.end(), s->results.begin(), s->results.end());
  }
  return false;
}

/// Whether a derivative that is not 0 goes through a node.
static bool passes(const Node &n) {
  if (n.op == Op::point && n.name != "select")
    if (auto *function = scalarFunction(n.name); function && !function->differentiable)
      return false;
  return graph::passesDerivative(n);
}

/// Visits what nodes are computed from, nearest first, on through those that `goesOn` holds for.
template <class F> static void visitSources(std::vector<Node *> work, F goesOn) {
  std::set<Node *> seen;
  for (size_t next = 0; next < work.size(); ++next) {
    Node *n = work[next];
    if (!n || !seen.insert(n).second || !goesOn(n))
      continue;
    work.insert(work.end(), n->operands.begin(), n->operands.end());
    for (graph::Scope *s : n->scopes)
      work.insert(work.end(), s->results.begin(), s->results.end());
  }
}

static std::vector<Node *> sourcesOf(const Node *n) {
  std::vector<Node *> all = n->operands;
  for (graph::Scope *s : n->scopes)
    all.insert(all.end(), s->results.begin(), s->results.end());
  return all;
}

/// Whether a derivative gets from nodes to one of the variables.
static bool reaches(const std::vector<Node *> &nodes, const std::set<Node *> &variables) {
  bool reached = false;
  visitSources(nodes, [&](Node *n) {
    reached |= variables.contains(n);
    return !reached && passes(*n);
  });
  return reached;
}

/// A derivative that is 0 whatever the values are, although what it is taken of depends on the variable.
void Elaborator::warnIfZero(const ast::Derivative::Variable &variable, const std::vector<Node *> &results, const std::set<Node *> &params, Range range) {
  if (reaches(results, params))
    return;
  Node *cut = nullptr; // the nearest to the variable
  bool wanted = false; // a `stop_gradient` says that zero is meant
  visitSources(results, [&](Node *n) {
    wanted |= n->op == Op::point && n->name == "stop_gradient";
    if (!cut && !passes(*n) && reaches(sourcesOf(n), params))
      cut = n;
    return true;
  });
  if (!cut || wanted)
    return;
  for (const Diagnostic &d : program.diagnostics().all())
    if (d.code == Code::E0404 && d.range == range)
      return; // another instance of the def said so
  bool function = cut->op == Op::point && (isFloating(cut->element) || isComplex(cut->element));
  std::string what = function ? "`" + cut->name + "` has derivative 0" : std::string(elementName(cut->element)) + " has no derivative";
  program.diagnostics().warning(Code::E0404, range, "the derivative by `" + variable.name.text + "` is 0 everywhere").note(cut->range, what);
}

/// Weak numbers in the element types of a value of the same structure.
Value Elaborator::meet(Value value, const Value &like) {
  if (value.kind != like.kind || value.parts.size() != like.parts.size())
    return value;
  for (size_t i = 0; i < value.parts.size(); ++i)
    value.parts[i] = meet(std::move(value.parts[i]), like.parts[i]);
  if (value.isTensor() && value.weak && !like.weak && !(isFloating(value.element) && isInteger(like.element)))
    value = convert(value, like.element, value.range);
  return value;
}

Value Elaborator::derivative(const ast::Derivative &e) {
  using D = ast::DerivativeOp;
  bool forward = e.op == D::jvp;
  Node *owner = node(Op::derivative, Element::f32, {}, {}, e.range);
  owner->name = forward ? "jvp" : "vjp";
  graph::Scope *inner = function.newScope(scope);
  inner->owner = owner;
  owner->scopes.push_back(inner);
  auto names = std::make_shared<Env>();
  names->parent = env;
  std::vector<Value> variables;
  std::vector<Node *> tangents;
  std::vector<graph::IndexVar> rows; // of a jacobian: the body's dimensions
  for (const auto &variable : e.variables) {
    const Value *found = lookup(variable.name.text, variable.name.range);
    if (!found) {
      unknownName(variable.name.text, variable.name.range);
      return {};
    }
    if (found->kind == Value::none)
      return {};
    if (names->names.contains(variable.name.text))
      return fail(Code::E0221, variable.name.range, "`" + variable.name.text + "` is in these brackets twice");
    Value outside = *found, inside = *found;
    bool fine = true;
    forEachLeaf(outside, [&](Value &leaf) { fine &= isFloating(leaf.element) || isComplex(leaf.element); });
    if (!fine || (outside.kind != Value::tensor && outside.kind != Value::record)) {
      std::string what = describe(outside);
      forEachLeaf(outside, [&](Value &leaf) {
        if (fine == false && !isFloating(leaf.element) && !isComplex(leaf.element))
          what = std::string(elementName(leaf.element)), fine = true;
      });
      return fail(Code::E0402, variable.name.range, "a derivative is taken by floating or complex values; `" + variable.name.text + "` is or holds " + what);
    }
    forEachLeaf(outside, [&](Value &leaf) {
      owner->operands.push_back(materialize(leaf));
      names->variables.push_back(leaf.node);
    });
    auto paths = leaves(typeOf(inside), variable.name.text);
    size_t next = 0;
    forEachLeaf(inside, [&](Value &leaf) {
      Node *param = node(Op::param, leaf.element, leaf.shape, {}, variable.name.range);
      param->scope = inner;
      param->index = int64_t(inner->params.size());
      param->label = paths[next++].path;
      inner->params.push_back(param);
      bool weak = leaf.weak;
      leaf = Value::ofNode(param, weak);
    });
    names->variableNames += (names->variableNames.empty() ? "" : ", ") + variable.name.text;
    names->names[variable.name.text] = inside;
    variables.push_back(outside);
    if (forward) {
      if (!variable.tangent)
        return fail(Code::E0209, variable.name.range, "`jvp` takes a direction: `jvp[" + variable.name.text + " = v](..)`");
      Value v = expr(*variable.tangent);
      if (v.kind == Value::none)
        return {};
      v = meet(std::move(v), outside);
      if (!(typeOf(v) == typeOf(outside)))
        return fail(Code::E0205, variable.tangent->range, "the direction is " + describe(v) + ", the variable " + describe(outside));
      forEachLeaf(v, [&](Value &leaf) { tangents.push_back(materialize(leaf)); });
    }
  }

  if (e.cotangent && e.op != D::vjp)
    return fail(Code::E0209, e.cotangent->range, "only `vjp` takes a cotangent");
  auto saved = std::exchange(env, names);
  graph::Scope *savedScope = std::exchange(scope, inner);
  Value value = expr(*e.body);
  if (value.kind != Value::none)
    forEachLeaf(value, [&](Value &leaf) { inner->results.push_back(materialize(leaf)); });
  env = saved;
  scope = savedScope;
  if (value.kind == Value::none)
    return {};
  if (value.kind == Value::function || value.kind == Value::string || value.kind == Value::type)
    return fail(Code::E0401, e.body->range, "a derivative of " + describe(value));

  // Of a tuple, the derivative is the first part's.
  const Value &first = value.kind == Value::tuple && !value.parts.empty() ? value.parts[0] : value;
  std::vector<Value> differentiated;
  forEachLeaf(first, [&](const Value &leaf) { differentiated.push_back(leaf); });
  owner->differentiated = int64_t(differentiated.size());
  if (e.op == D::grad || e.op == D::valueAndGrad) {
    const char *word = e.op == D::grad ? "grad" : "value_and_grad";
    if (first.isScalar() && isComplex(first.element))
      return error(Code::E0401, e.body->range, std::string("`") + word + "` wants a real number; this is " + describe(first)).help("use `vjp`, or `real(..)` of it"), Value{};
    if (first.isScalar() && !isFloating(first.element))
      return fail(Code::E0402, e.body->range, describe(first) + " has no derivative");
    if (!first.isScalar())
      return error(Code::E0401, e.body->range, std::string("`") + word + "` wants a scalar; this is " + describe(first)).help("use `jacobian` or `vjp`, or `sum` it"), Value{};
    owner->operands.push_back(constant(1, inner->results[0]->element, e.range));
  } else if (e.op == D::jacobian) {
    // One gradient for each element of the body: the cotangent that is 1 there and 0 elsewhere, under indices of its own.
    if (!first.isTensor() || !isFloating(first.element))
      return fail(Code::E0401, e.body->range, "`jacobian` is of one real tensor; this is " + describe(first));
    std::vector<graph::IndexVar> inner;
    auto index = [&](const Dim &range) {
      int id = int(indices.size());
      indices.push_back({id, "", e.range, range});
      return graph::IndexVar{id, range, "i"};
    };
    Value here = Value::ofTruth(true);
    for (const Dim &dim : first.shape) {
      rows.push_back(index(dim));
      inner.push_back(index(dim));
      Value same = pointwise("eq", {Value::ofSize(Dim::name("$" + std::to_string(rows.back().id))), Value::ofSize(Dim::name("$" + std::to_string(inner.back().id)))}, e.range);
      here = here.truth ? same : pointwise("and", {here, same}, e.range);
    }
    Value one = first.shape.empty() ? Value::ofNode(constant(1, first.element, e.range)) : buildLeaves(convert(here, first.element, e.range), inner, e.range);
    owner->operands.push_back(materialize(one));
  } else if (e.op == D::vjp) {
    Value cotangent = e.cotangent ? expr(*e.cotangent) : Value{};
    if (!e.cotangent)
      return fail(Code::E0209, e.range, "`vjp` takes the cotangent of its body: `vjp[x](f(x), dy)`");
    if (cotangent.kind == Value::none)
      return {};
    std::vector<Value> given;
    forEachLeaf(cotangent, [&](const Value &leaf) { given.push_back(leaf); });
    if (given.size() != differentiated.size())
      return fail(Code::E0205, e.cotangent->range, "the cotangent is " + describe(cotangent) + ", the body " + describe(first));
    for (size_t i = 0; i < given.size(); ++i) {
      Value like = differentiated[i];
      like.node = constant(0, inner->results[i]->element, e.range);
      like.shape = {};
      if (!unifyElements({&like, &given[i]}, "vjp", e.cotangent->range))
        return {};
      if (!(given[i].shape == differentiated[i].shape))
        return fail(Code::E0205, e.cotangent->range, "the cotangent is " + describe(cotangent) + ", the body " + describe(first));
      owner->operands.push_back(materialize(given[i]));
    }
  } else {
    owner->operands.insert(owner->operands.end(), tangents.begin(), tangents.end());
  }

  std::vector<Node *> results(inner->results.begin(), inner->results.begin() + long(differentiated.size()));
  size_t firstParam = 0;
  for (size_t i = 0; i < variables.size(); ++i) {
    size_t count = 0;
    forEachLeaf(variables[i], [&](const Value &) { ++count; });
    std::set<Node *> params(inner->params.begin() + long(firstParam), inner->params.begin() + long(firstParam + count));
    warnIfZero(e.variables[i], results, params, e.range);
    firstParam += count;
  }
  for (Node *r : inner->results) {
    owner->resultElements.push_back(r->element);
    owner->resultShapes.push_back(r->shape);
  }
  auto result = [&](size_t index, const Value &like) {
    Node *n = node(Op::result, owner->resultElements[index], owner->resultShapes[index], {owner}, e.range);
    n->index = int64_t(index);
    return Value::ofNode(n, like.weak);
  };
  size_t next = 0;
  Value primal = value;
  forEachLeaf(primal, [&](Value &leaf) { leaf = result(next++, leaf); });
  if (forward) {
    for (size_t i = 0; i < differentiated.size(); ++i) {
      owner->resultElements.push_back(owner->resultElements[i]);
      owner->resultShapes.push_back(owner->resultShapes[i]);
    }
    Value tangent = first;
    forEachLeaf(tangent, [&](Value &leaf) { leaf = result(next++, leaf); });
    return Value::ofParts(Value::tuple, {primal, tangent});
  }
  for (Node *p : inner->params) {
    owner->resultElements.push_back(p->element);
    owner->resultShapes.push_back(p->shape);
  }
  for (size_t i = 0; i < variables.size(); ++i) {
    auto paths = leaves(typeOf(variables[i]), "d_" + e.variables[i].name.text);
    size_t at = 0;
    forEachLeaf(variables[i], [&](Value &leaf) {
      leaf = result(next++, leaf);
      leaf.node->label = paths[at++].path;
    });
  }
  Value gradient = variables.size() == 1 ? variables[0] : Value::ofParts(Value::tuple, variables);
  if (e.op == D::jacobian && !rows.empty())
    return buildLeaves(gradient, rows, e.range);
  if (e.op == D::valueAndGrad)
    return Value::ofParts(Value::tuple, {primal, gradient});
  // `grad` of a tuple gives the derivative alone.
  return gradient;
}
