#include "lib/Sema/Graph.h"
#include <algorithm>
#include <functional>
#include <map>
#include <sstream>
#include <unordered_map>

using namespace tds;
using namespace tds::graph;

namespace {
class Printer {
public:
  std::string run(const Function &f) {
    out << f.name << "(";
    for (size_t i = 0; i < f.params.size(); ++i)
      out << (i ? ", " : "") << f.params[i].path << ": " << type(f.params[i].element, f.params[i].shape);
    out << ") -> (";
    for (size_t i = 0; i < f.results.size(); ++i)
      out << (i ? ", " : "") << type(f.results[i].element, f.results[i].shape);
    out << ")\n";
    for (size_t i = 0; i < f.body->params.size() && i < f.params.size(); ++i)
      names[f.body->params[i]] = f.params[i].path;
    results(*f.body, 1);
    return std::move(out).str();
  }

private:
  std::ostringstream out;
  std::map<const Node *, std::string> names;
  unsigned next = 0;

  static std::string type(Element element, const Dims &shape) {
    return std::string(elementName(element)) + (shape.empty() ? "" : str(shape));
  }
  static const char *opName(Op op) {
    static constexpr const char *list[] = {"param", "constant", "size", "point", "convert", "access", "gather", "scatter",
                                           "reduce", "scan", "index_reduce", "build", "sort", "primitive", "host", "reshape", "random_bits", "derive_key",
                                           "contraction", "where", "for", "while", "derivative", "composite", "result"};
    return list[size_t(op)];
  }
  void indent(unsigned depth) { out << std::string(2 * depth, ' '); }

  void results(const Scope &scope, unsigned depth) {
    for (const Node *n : scope.results)
      if (n)
        define(n, scope, depth);
    indent(depth);
    out << "yield";
    for (size_t i = 0; i < scope.results.size(); ++i)
      out << (i ? ", " : " ") << (scope.results[i] ? names[scope.results[i]] : "none");
    out << "\n";
  }

  static bool within(const Scope *inner, const Scope *outer) {
    for (; inner; inner = inner->parent)
      if (inner == outer)
        return true;
    return false;
  }

  /// What an inner scope reads from outside is printed before it, at the depth of the scope being printed.
  void captures(const Scope &inner, const Scope &scope, unsigned depth) {
    std::vector<const Node *> work(inner.results.begin(), inner.results.end());
    std::map<const Node *, bool> seen;
    while (!work.empty()) {
      const Node *n = work.back();
      work.pop_back();
      if (!n || seen[n] || names.contains(n))
        continue;
      seen[n] = true;
      if (n->scope && within(&scope, n->scope) && n->op != Op::param) {
        define(n, scope, depth);
        continue;
      }
      work.insert(work.end(), n->operands.begin(), n->operands.end());
      for (const Scope *s : n->scopes)
        work.insert(work.end(), s->results.begin(), s->results.end());
    }
  }

  void define(const Node *n, const Scope &scope, unsigned depth) {
    if (names.contains(n))
      return;
    for (const Node *operand : n->operands)
      define(operand, scope, depth);
    for (const Scope *s : n->scopes)
      captures(*s, scope, depth);
    if (names.contains(n))
      return;
    std::string name = "%" + std::to_string(next++) + (n->label.empty() ? "" : "." + n->label);
    names[n] = name;
    indent(depth);
    out << name << " = " << opName(n->op);
    if (!n->name.empty())
      out << " " << n->name;
    if (n->op == Op::size)
      out << " " << n->size.str();
    if (n->op == Op::constant) {
      size_t shown = 0;
      for (double x : n->numbers)
        if (shown++ < 8)
          out << " " << x;
      for (int64_t x : n->integers)
        if (shown++ < 8)
          out << " " << x;
      if (shown > 8)
        out << " ..";
    }
    for (size_t i = 0; i < n->operands.size(); ++i)
      out << (i ? ", " : " ") << names[n->operands[i]];
    if (n->op == Op::access || n->op == Op::gather || n->op == Op::scatter) {
      out << " at (";
      for (size_t i = 0; i < n->coordinates.size(); ++i)
        out << (i ? ", " : "") << n->coordinates[i].str();
      static constexpr const char *outside[] = {"", " else", " wrap", " clamp"};
      out << ")" << outside[size_t(n->outside)];
    }
    if (n->op == Op::result)
      out << " #" << n->index;
    for (const IndexVar &v : n->vars)
      out << " [" << v.name << " = $" << v.id << " < " << v.range.str() << "]";
    if (!n->dims.empty()) {
      out << " over";
      for (int64_t d : n->dims)
        out << " " << d;
    }
    if (n->resultElements.empty())
      out << " : " << type(n->element, n->shape);
    out << "\n";
    for (const Scope *s : n->scopes) {
      indent(depth);
      out << "{";
      for (const Node *p : s->params) {
        names[p] = "%" + std::to_string(next++) + (p->label.empty() ? "" : "." + p->label);
        out << " " << names[p] << ": " << type(p->element, p->shape);
      }
      out << "\n";
      results(*s, depth + 1);
      indent(depth);
      out << "}\n";
    }
  }
};
} // namespace

bool graph::passesDerivative(const Node &node) {
  if (node.op == Op::point && node.name == "stop_gradient")
    return false;
  return isFloating(node.element) || isComplex(node.element) || !node.resultElements.empty();
}

std::vector<std::vector<uint32_t>> graph::dependence(const Function &function) {
  const std::vector<bool> none(function.body->params.size());
  std::unordered_map<const Node *, std::vector<bool>> sets;
  struct Visit {
    const Node *node;
    bool after; ///< all that it is computed from has its set
  };
  std::vector<Visit> work;
  for (const Node *r : function.body->results)
    work.push_back({r, false});
  while (!work.empty()) {
    auto [node, after] = work.back();
    work.pop_back();
    if (!after && !sets.try_emplace(node, none).second)
      continue;
    std::vector<bool> set = none;
    if (node->op == Op::param) {
      if (node->scope == function.body && passesDerivative(*node))
        set[size_t(node->index)] = true;
    } else if (passesDerivative(*node)) {
      if (!after)
        work.push_back({node, true});
      auto from = [&](const Node *operand) {
        if (!operand)
          return;
        if (!after)
          work.push_back({operand, false});
        else if (auto it = sets.find(operand); it != sets.end())
          std::transform(set.begin(), set.end(), it->second.begin(), set.begin(), std::logical_or<bool>());
      };
      for (const Node *operand : node->operands)
        from(operand);
      for (const Scope *s : node->scopes)
        for (const Node *result : s->results)
          from(result);
    }
    sets[node] = std::move(set);
  }
  std::vector<std::vector<uint32_t>> found;
  for (const Node *r : function.body->results) {
    found.emplace_back();
    for (uint32_t i = 0; i < none.size(); ++i)
      if (sets[r][i])
        found.back().push_back(i);
  }
  return found;
}

std::string graph::print(const Function &function) { return Printer().run(function); }
