#pragma once
#include "lib/Sema/Graph.h"
#include "lib/Syntax/Ast.h"
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tds::sema {

struct Module;
struct Env;

/// What a `.tds` type says. `shape` may hold the markers `anyDims()` (`...`) and `anyDim()` (`_`) while it is a pattern.
struct Type {
  enum Kind : uint8_t { tensor, record, tuple } kind = tensor;
  Element element = Element::f32;
  bool weak = false;                    ///< a weak int (i64) or weak float (f64)
  enum Family : uint8_t { fixed, anyFloat, anyInt } family = fixed; ///< `float` and `int` of a signature
  Dims shape;
  std::vector<std::string> names;       ///< of a record's fields
  std::vector<std::string> fileNames;   ///< `as "…"`, else the field's name
  std::vector<Type> parts;              ///< of a record or tuple
  std::vector<const ast::Expr *> initials; ///< of a record declared by `type`: a field's `= e`, or null
  const Module *initialModule = nullptr;
  std::shared_ptr<Env> initialEnv;      ///< the sizes that initials may read
  size_t stacked = 0;                   ///< leading dimensions that `[12]` behind a record gave a leaf

  bool operator==(const Type &o) const {
    return kind == o.kind && parts == o.parts &&
           (kind == tensor ? element == o.element && weak == o.weak && shape == o.shape : names == o.names);
  }
  std::string str() const; ///< "f32[n, 3]", "{w: f32[i, o], b: f32[o]}"
};

Dim anyDims();
Dim anyDim();

/// The leaves in order, each with its path below `path`: "p.w1".
struct TypeLeaf {
  std::string path, filePath;
  const Type *type;
};
std::vector<TypeLeaf> leaves(const Type &type, const std::string &path);

/// A name or lambda passed as an argument.
struct Function {
  const ast::DefItem *def = nullptr;
  const Module *module = nullptr;
  const ast::Lambda *lambda = nullptr;
  std::shared_ptr<Env> env;  ///< what the lambda sees
  std::string builtin;       ///< a built-in, by name
  size_t calls = 0;          ///< how many were open where the lambda stands
};

/// What an expression stands for while it is elaborated. A constant (`size`, `number`, `truth`) gets its node when
/// something first needs it.
struct Value {
  /// `none`: an error was reported; `type`: an element type's name.
  enum Kind : uint8_t { none, tensor, record, tuple, function, string, type } kind = none;
  Element element = Element::f32;
  bool weak = false;
  Dims shape;
  graph::Node *node = nullptr;
  /// Of an integer scalar: a linear form over sizes, index variables (`$3`) and data (`%7`, the node of that number).
  std::optional<Dim> size;
  std::optional<double> number;
  std::optional<bool> truth;
  std::vector<std::string> names, fileNames;
  std::vector<Value> parts;
  std::shared_ptr<Function> callee;
  std::string text;
  Range range; ///< the expression it came from, for notes

  bool isTensor() const { return kind == tensor; }
  bool isScalar() const { return kind == tensor && shape.empty(); }
  static Value ofSize(Dim size);
  static Value ofNumber(double number);
  static Value ofTruth(bool truth);
  static Value ofNode(graph::Node *node, bool weak = false);
  static Value ofParts(Kind kind, std::vector<Value> parts, std::vector<std::string> names = {},
                       std::vector<std::string> fileNames = {});
};

inline bool isHalf(Element e) { return e == Element::f16 || e == Element::bf16; }
Type typeOf(const Value &value);
/// Calls `f` on each tensor leaf, in order.
void forEachLeaf(Value &value, const std::function<void(Value &)> &f);
void forEachLeaf(const Value &value, const std::function<void(const Value &)> &f);

} // namespace tds::sema
