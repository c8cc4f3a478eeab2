#pragma once
#include "lib/Support/Source.h"
#include "llvm/Support/Casting.h"
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// The tree that the grammar of docs/language.md yields. Nodes own their children and are never changed after parsing.
namespace tds::ast {

struct Expr;
struct Stmt;
struct Block;
using ExprPtr = std::unique_ptr<Expr>;
using StmtPtr = std::unique_ptr<Stmt>;

struct Identifier {
  std::string text;
  Range range;
};

//===--- Types ---------------------------------------------------------------------------------------------------===//

struct Dim {
  enum Kind { size, ellipsis, wild } kind = size;
  ExprPtr value; ///< of `size`
  Range range;
};

struct Type;
struct Field {
  Identifier name;
  std::unique_ptr<Type> type;
  std::optional<std::string> as; ///< its name in files
  ExprPtr initial;               ///< may be null
  Range range;
};

struct Type {
  enum Kind { named, record, tuple } kind = named;
  std::string module; ///< of `module.Name`, else empty
  Identifier name;
  std::vector<Field> fields;
  std::vector<std::unique_ptr<Type>> elements;
  std::vector<std::vector<Dim>> suffixes; ///< `Block[d][12]` has two
  Range range;
  Range braces; ///< of a record, without suffixes
};

//===--- Expressions ---------------------------------------------------------------------------------------------===//

struct Expr {
  enum Kind {
    NumberK,
    StringK,
    BoolK,
    NameK,
    UnaryK,
    BinaryK,
    PipeK,
    CallK,
    FieldK,
    SubscriptK,
    IfK,
    LambdaK,
    IndexLambdaK,
    BlockK,
    ListK,
    TupleK,
    RecordK,
    ReduceK,
    DerivativeK,
  };
  const Kind kind;
  Range range;
  Expr(Kind kind, Range range) : kind(kind), range(range) {}
  virtual ~Expr() = default;
};

template <Expr::Kind K> struct ExprOf : Expr {
  explicit ExprOf(Range range) : Expr(K, range) {}
  static bool classof(const Expr *e) { return e->kind == K; }
};

struct Number : ExprOf<Expr::NumberK> {
  using ExprOf::ExprOf;
  std::string text; ///< as written
  bool isFloat = false;
  uint64_t integer = 0; ///< of an integer
  double real = 0;      ///< of both
};

/// `"loss {l:.4f}"` has a part a literal and a part an interpolation.
struct String : ExprOf<Expr::StringK> {
  using ExprOf::ExprOf;
  struct Part {
    std::string text; ///< of a literal part, escapes resolved
    ExprPtr value;    ///< of an interpolation
    std::string format;
  };
  std::vector<Part> parts;
  bool raw = false;
};

struct Bool : ExprOf<Expr::BoolK> {
  using ExprOf::ExprOf;
  bool value = false;
};

struct Name : ExprOf<Expr::NameK> {
  using ExprOf::ExprOf;
  std::string text;
};

enum class UnaryOp : uint8_t { neg, logicalNot };
struct Unary : ExprOf<Expr::UnaryK> {
  using ExprOf::ExprOf;
  UnaryOp op = UnaryOp::neg;
  ExprPtr operand;
};

enum class BinaryOp : uint8_t {
  add,
  sub,
  mul,
  div,
  floordiv,
  mod,
  matmul,
  pow,
  eq,
  ne,
  lt,
  le,
  gt,
  ge,
  logicalAnd,
  logicalOr
};
struct Binary : ExprOf<Expr::BinaryK> {
  using ExprOf::ExprOf;
  BinaryOp op = BinaryOp::add;
  ExprPtr lhs, rhs;
  Range opRange;
};

struct Argument {
  std::optional<Identifier> name;
  ExprPtr value;
};

struct Call : ExprOf<Expr::CallK> {
  using ExprOf::ExprOf;
  ExprPtr callee;
  std::vector<Argument> arguments;
};

/// `x |> f(a)`: callee is a Name, or a Field of a Name.
struct Pipe : ExprOf<Expr::PipeK> {
  using ExprOf::ExprOf;
  ExprPtr value, callee;
  std::vector<Argument> arguments;
};

struct FieldAccess : ExprOf<Expr::FieldK> {
  using ExprOf::ExprOf;
  ExprPtr base;
  Identifier name;
};

struct Sub {
  enum Kind { ellipsis, newAxis, index, slice } kind = index;
  ExprPtr value;              ///< of `index`
  ExprPtr begin, end, stride; ///< of `slice`, each may be null
  Range range;
};
struct Subscript : ExprOf<Expr::SubscriptK> {
  using ExprOf::ExprOf;
  ExprPtr base;
  std::vector<Sub> subs;
  enum Outside : uint8_t { none, otherwise, wrap, clamp } outside = none;
  ExprPtr otherwiseValue; ///< of `else e`
};

struct If : ExprOf<Expr::IfK> {
  using ExprOf::ExprOf;
  ExprPtr condition, then, otherwise;
};

struct Lambda : ExprOf<Expr::LambdaK> {
  using ExprOf::ExprOf;
  std::vector<Identifier> params;
  ExprPtr body;
};

struct Index {
  Identifier name; ///< "..." for an ellipsis
  bool ellipsis = false;
  ExprPtr bound; ///< of `i < e`, else null
};
struct IndexLambda : ExprOf<Expr::IndexLambdaK> {
  using ExprOf::ExprOf;
  std::vector<Index> indices;
  ExprPtr body;
};

struct Block : ExprOf<Expr::BlockK> {
  using ExprOf::ExprOf;
  std::vector<StmtPtr> statements; ///< the value is the last one's, an ExprStmt
};

struct List : ExprOf<Expr::ListK> {
  using ExprOf::ExprOf;
  std::vector<ExprPtr> elements;
};
struct Tuple : ExprOf<Expr::TupleK> {
  using ExprOf::ExprOf;
  std::vector<ExprPtr> elements; ///< `()` has none; `(a)` is no tuple, `(a,)` is
};
struct Record : ExprOf<Expr::RecordK> {
  using ExprOf::ExprOf;
  std::vector<std::pair<Identifier, ExprPtr>> fields;
};

/// `sum[k](a[i, k] * b[k, j])`; `sum(x)` is a Call of the Name `sum`.
enum class ReduceOp : uint8_t { sum, prod, mean, max, min, any, all, argmax, argmin, logsumexp };
struct Reduce : ExprOf<Expr::ReduceK> {
  using ExprOf::ExprOf;
  ReduceOp op = ReduceOp::sum;
  std::vector<Index> indices;
  ExprPtr body;
};

enum class DerivativeOp : uint8_t { grad, valueAndGrad, jacobian, jvp, vjp };
struct Derivative : ExprOf<Expr::DerivativeK> {
  using ExprOf::ExprOf;
  DerivativeOp op = DerivativeOp::grad;
  struct Variable {
    Identifier name;
    ExprPtr tangent; ///< of `x = v`, else null
  };
  std::vector<Variable> variables;
  ExprPtr body, cotangent;
};

//===--- Statements ----------------------------------------------------------------------------------------------===//

struct Stmt {
  enum Kind { ForK, WhileK, IfK, OnK, AssertK, YieldK, ExprK, AssignK, DefineK };
  const Kind kind;
  Range range;
  Stmt(Kind kind, Range range) : kind(kind), range(range) {}
  virtual ~Stmt() = default;
};
template <Stmt::Kind K> struct StmtOf : Stmt {
  explicit StmtOf(Range range) : Stmt(K, range) {}
  static bool classof(const Stmt *s) { return s->kind == K; }
};

/// `for x, y in e { … }` or `for i in a..b { … }`.
struct ForStmt : StmtOf<Stmt::ForK> {
  using StmtOf::StmtOf;
  std::vector<Identifier> names;
  ExprPtr begin, end; ///< `end` null: `begin` is what is walked
  std::unique_ptr<Block> body;
};
struct WhileStmt : StmtOf<Stmt::WhileK> {
  using StmtOf::StmtOf;
  ExprPtr condition;
  std::unique_ptr<Block> body;
};
struct IfStmt : StmtOf<Stmt::IfK> {
  using StmtOf::StmtOf;
  ExprPtr condition;
  std::unique_ptr<Block> then;
  StmtPtr otherwiseIf;              ///< of `else if`
  std::unique_ptr<Block> otherwise; ///< of `else {`
};
struct OnStmt : StmtOf<Stmt::OnK> {
  using StmtOf::StmtOf;
  bool cuda = false;
  ExprPtr ordinal; ///< of `cuda(e)`, may be null
  std::unique_ptr<Block> body;
};
struct AssertStmt : StmtOf<Stmt::AssertK> {
  using StmtOf::StmtOf;
  ExprPtr condition;
};
struct YieldStmt : StmtOf<Stmt::YieldK> {
  using StmtOf::StmtOf;
  ExprPtr value;
};
struct ExprStmt : StmtOf<Stmt::ExprK> {
  using StmtOf::StmtOf;
  ExprPtr value;
};
/// `a, (b, c.d) = e`, `a += e`, `ys = for …`. Targets are Name, Subscript, FieldAccess or Tuple of these.
struct AssignStmt : StmtOf<Stmt::AssignK> {
  using StmtOf::StmtOf;
  enum Op : uint8_t { set, add, sub, mul, div } op = set;
  std::vector<ExprPtr> targets;
  bool trailingComma = false; ///< `a, = t`
  ExprPtr value;
  std::unique_ptr<ForStmt> loop; ///< instead of `value`
};
/// `c[i, j] := e`
struct DefineStmt : StmtOf<Stmt::DefineK> {
  using StmtOf::StmtOf;
  Identifier name;
  std::vector<Index> indices;
  ExprPtr value;
};

//===--- Items ---------------------------------------------------------------------------------------------------===//

struct Param {
  Identifier name;
  std::unique_ptr<Type> type; ///< may be null: generic
  ExprPtr initial;            ///< may be null
};

struct Item {
  enum Kind { ImportK, DefK, VjpK, TypeK, ConstK, TestK, StmtK };
  const Kind kind;
  Range range;
  Item(Kind kind, Range range) : kind(kind), range(range) {}
  virtual ~Item() = default;
};
template <Item::Kind K> struct ItemOf : Item {
  explicit ItemOf(Range range) : Item(K, range) {}
  static bool classof(const Item *i) { return i->kind == K; }
};
using ItemPtr = std::unique_ptr<Item>;

struct ImportItem : ItemOf<Item::ImportK> {
  using ItemOf::ItemOf;
  std::vector<Identifier> modules; ///< `import nn, optim`
  std::optional<std::string> path; ///< `import "a.tds" as a`
  Identifier alias;
};
struct DefItem : ItemOf<Item::DefK> {
  using ItemOf::ItemOf;
  Identifier name;
  std::vector<Param> params;
  std::unique_ptr<Type> result; ///< may be null
  ExprPtr body;                 ///< a Block for `{ … }`; null for an extern def
  std::string doc;              ///< the `##` lines above, without the marks
  bool library = false;         ///< `@library`
  bool isExtern = false, cuda = false;
  std::string raw; ///< CUDA C++ of an `extern cuda def`
};
struct VjpItem : ItemOf<Item::VjpK> {
  using ItemOf::ItemOf;
  Identifier name;
  std::vector<Param> params;
  ExprPtr body;
};
struct TypeItem : ItemOf<Item::TypeK> {
  using ItemOf::ItemOf;
  Identifier name;
  std::vector<Identifier> params;
  std::unique_ptr<Type> type;
  std::string doc;
};
/// `arg name = e` or `const name = e`
struct ConstItem : ItemOf<Item::ConstK> {
  using ItemOf::ItemOf;
  bool isArg = false;
  Identifier name;
  ExprPtr value;
};
struct TestItem : ItemOf<Item::TestK> {
  using ItemOf::ItemOf;
  std::string name;
  std::unique_ptr<Block> body;
};
struct StmtItem : ItemOf<Item::StmtK> {
  using ItemOf::ItemOf;
  StmtPtr statement;
};

struct Comment {
  std::string text; ///< with its `#`
  Range range;
  bool trailing = false; ///< stands behind code on its line
  bool doc = false;      ///< `##` on a line of its own
};

struct File {
  uint32_t id = 0; ///< in Sources
  std::vector<ItemPtr> items;
  std::vector<Comment> comments; ///< in order; the formatter puts them back
};

} // namespace tds::ast
