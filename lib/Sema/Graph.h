#pragma once
#include "lib/Shape/Dim.h"
#include "lib/Support/Source.h"
#include <tds/tensor.h>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// The typed AST: what Sema makes of one instance of a `def`. Names, calls, generics, records and broadcasting are
/// resolved; what is left is a graph of operations on tensors. Records and tuples exist as lists of leaves only.
///
/// Index notation stays as it was written: a node inside `[i, j] => …` has the type of ONE element, and depends on the
/// index variables that it mentions (`$0` in a Dim) or that its operands depend on. IRGen evaluates it for all of them.
///
/// A subscript is a list of coordinates, each a Dim over these names:
///   sizes (`n`), index variables (`$3`), dimensions of the node's own result (`#0`), data (`@k`, operand k of `ids`).
namespace tds::graph {

struct Node;
struct Scope;

/// An index of index notation; it runs from 0 to `range`.
struct IndexVar {
  int id;      ///< `$id` in Dims
  Dim range;   ///< mentions sizes only
  std::string name;
};

enum class Op : uint8_t {
  param,       ///< leaf `index` of the scope's parameters (Scope::params[index] is the node itself). A function's may have operands: other parameters that a script computed it from, which only `passesDerivative`'s users look at
  constant,    ///< `numbers` over `shape` (one number: splat)
  size,        ///< the value of `size`, an i64 scalar; may mention index variables and sizes
  point,       ///< the scalar function `name` of dialect/TdsFunctions.td on operands of one shape
  convert,     ///< operand 0 to `element`
  access,      ///< operand 0 at `coordinates`; result of rank shape.size(); with Outside::otherwise operand 1 is the value outside (a scalar or of the result's shape)
  gather,      ///< operand 0 at `coordinates` with data: the operands after it are the ids `@0` …, integers of the node's shape; with Outside::otherwise the last operand is the value
  scatter,     ///< operand 0 with operand 1 written (`name` "set") or added ("add") at `coordinates` (over the dims `#` of operand 1), ids after it
  reduce,      ///< operand 0 over the dims `dims` of its own shape, `name`: sum prod max min any all argmax argmin
  scan,        ///< operand 0 along dims[0], `name`: sum prod
  indexReduce, ///< operand 0 over the index variables `vars`, `name` as above
  build,       ///< operand 0 for all `vars`: its shape is their ranges and then the operand's
  sort,        ///< operand 0 along its last dim, the first of them: values and i32 places; dims[0]: falling
  primitive,   ///< `name`: fft ifft rfft irfft cholesky triangular_solve (dims[0]: upper) solve det, of the operands' last dims
  host,        ///< the function `name` that a C++ host has bound, of the operands
  reshape,     ///< operand 0, row-major, to `shape`
  randomBits,  ///< operand 0 a scalar key: i32 words of `shape`
  deriveKey,   ///< operands key (scalar), i64 (scalar); `dims[0]` the domain (1 fold_in, 2 split): a key
  contraction, ///< sum over the last dim of operand 0 and the last but one of operand 1, NumPy's matmul on operands of rank 2 or more and equal batch dims

  // With scopes. Several results are read by `result` nodes; `results` of the scopes are the values.
  where,       ///< operand 0: condition; scopes: then, else
  loop,        ///< counted `for`: operands: begin, end (i64 scalars), then initial values of the carried; scope 0 params: counter (i64), carried; results: carried, then `yielded` stacked values
  whileLoop,   ///< operands: initial values; scope 0: condition (params: carried; one bool result), scope 1: body
  derivative,  ///< `name`: "vjp" or "jvp"; operands: the `wrt` values, then cotangents of the first results / tangents; scope 0 params: the wrt values. Results as tds.vjp / tds.jvp: all results of the scope, then gradients / tangents
  composite,   ///< `name`; operands; scope 0: body (params = operands); scope 1, if any: params = operands and cotangents, results = a cotangent an operand (null Node: none)
  result,      ///< result `index` of operand 0
};

enum class Outside : uint8_t { none, otherwise, wrap, clamp };

struct Node {
  Op op;
  Element element = Element::f32;
  Dims shape;                     ///< of one element of the index space
  std::vector<Node *> operands;
  Scope *scope = nullptr;          ///< where it is evaluated
  Range range;                     ///< the source it comes from
  std::string label;               ///< the name it was bound to, for readable IR

  std::string name;
  int64_t index = 0;
  std::vector<int64_t> dims;
  Dim size;
  std::vector<Dim> coordinates;
  Outside outside = Outside::none;
  unsigned numIds = 0;             ///< of gather and scatter
  std::vector<double> numbers;     ///< of a constant of any real, integer (|x| < 2^53) or bool element
  std::vector<int64_t> integers;   ///< instead of `numbers` for integer and key constants
  std::vector<IndexVar> vars;
  std::vector<Scope *> scopes;
  int64_t differentiated = 1;      ///< of "vjp": how many leading results have a cotangent
  std::vector<Element> resultElements; ///< of nodes with several results
  std::vector<Dims> resultShapes;
};

struct Scope {
  Scope *parent = nullptr;
  Node *owner = nullptr;        ///< null: the function's own
  std::vector<Node *> params;
  std::vector<Node *> results;
};

/// One parameter or result leaf: `p.w1`.
struct Leaf {
  std::string path; ///< "x", "p.w1", "0.w" for results; what C++ hosts and files call it
  Element element;
  Dims shape;
};

/// An instance of a `def`, owned with all its nodes.
struct Function {
  std::string name;
  std::vector<Leaf> params, results;
  Scope *body = nullptr;         ///< params: a node a leaf; results: a node a leaf
  std::vector<std::string> sizes; ///< open size names, in order of appearance

  Node *newNode(Op op) { return &nodes.emplace_back(Node{op}); }
  Scope *newScope(Scope *parent) { return &scopes.emplace_back(Scope{parent, nullptr, {}, {}}); }
  Function() = default;
  Function(const Function &) = delete;
  Function &operator=(const Function &) = delete;

private:
  std::deque<Node> nodes; // stable addresses
  std::deque<Scope> scopes;
};

/// Whether a derivative goes through a node to what it is computed from: not through integers, bools and `stop_gradient`.
bool passesDerivative(const Node &node);

/// For each result of a function: the parameters, by number, that derivatives reach from it.
std::vector<std::vector<uint32_t>> dependence(const Function &function);

/// As `tdslc emit --stage typed` shows it.
std::string print(const Function &function);

} // namespace tds::graph
