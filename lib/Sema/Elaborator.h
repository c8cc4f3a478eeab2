#pragma once
#include "lib/Sema/Module.h"
#include <set>

namespace tds::sema {

/// Names in scope: a block's, a def's (no parent), or a derivative's variables.
struct Env {
  std::shared_ptr<Env> parent;
  std::map<std::string, Value> names;
  /// Of a derivative: the leaves of its variables outside, which nothing looked up across this scope may depend on.
  std::vector<graph::Node *> variables;
  std::string variableNames;
  /// Of a def: the leaves of its arguments. A parameter is a binding of its own, whatever the caller computed it from.
  std::set<graph::Node *> arguments;
};

/// The scope of the def, or script, that a scope is inside of.
inline const Env *root(const Env *env) {
  while (env->parent)
    env = env->parent.get();
  return env;
}

/// How a parameter's dimension names and `float`/`int` are bound by a call.
struct Binding {
  std::map<std::string, Dim> sizes;
  /// The argument that bound a name: what messages say of it, and the dimension.
  std::map<std::string, std::pair<Value, size_t>> from;
  std::optional<Dims> anyDims; ///< `...`
  std::optional<Element> anyFloat, anyInt;
};

/// The arguments of a call, evaluated.
struct CallArguments {
  Range range; ///< the whole call
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
  std::vector<const ast::Expr *> exprs; ///< of the positional ones
  const Value *find(std::string_view name) const;
};

/// Makes the typed graph of one instance of a def (or of one expression of a script): the evaluator over abstract values.
/// A `Value` of kind none means that an error was reported; it passes through silently.
class Elaborator {
public:
  Elaborator(Program &program, graph::Function &function, const Module &module);

  Value expr(const ast::Expr &e);
  Value callDef(const Module &module, const ast::DefItem &def, CallArguments arguments);
  std::shared_ptr<Env> env;

  /// A name holds weak scalars, but the elements of its tensors and the fields of its records are i32 or f32.
  Value settleTensors(Value value);
  /// A parameter node a leaf, appended to the function's.
  Value declareParam(const std::string &name, const Type &type);
  void setResults(const Value &value);
  graph::Node *materialize(Value &value);
  /// The type with the names of a binding put in; `where` for messages.
  std::optional<Type> resolveType(const ast::Type &type, Binding *binding);
  std::optional<Type> aliasBody(const ast::TypeItem &item, Range range, Binding *binding);
  std::optional<Type> typeFromExpr(const ast::Expr &e);
  bool bindPattern(const Type &pattern, const Value &value, Binding &binding, Range range, const std::string &what);
  Type substitute(const Type &type, const Binding &binding);
  /// The value with the sizes that a signature says, where they are equations that only numbers decide.
  Value equated(const Type &pattern, Value value, const Binding &binding);

  bool openSizes = false; ///< a def is checked for all sizes

  /// Script names whose value has to be known when compiled: they were used as a size.
  std::set<std::string> wanted;

private:
  Program &program;
  graph::Function &function;
  const Module *module;
  Diagnostics &diags;
  graph::Scope *scope;
  struct Frame {
    const ast::DefItem *def;
    Range call;
    const Binding *binding; ///< of the call, as far as it is bound
    bool beside = false;    ///< a lambda is open that was written outside of it: a call there is no recursion
  };
  std::vector<Frame> frames;
  unsigned openLambdas = 0;
  bool tooDeep = false; ///< calls nested without end were reported: nothing more is called
  bool nestsTooDeep(Range range);
  bool stopped = false; ///< inside `stop_gradient(..)`, where values from outside a derivative are welcome
  std::set<const ast::DefItem *> insideVjp;     ///< whose own `vjp` is being elaborated: calls of it there take its body's derivative
  std::set<const void *> open;                  ///< aliases and constants that are being read, which may not hold themselves
  std::map<std::string, Range> boundInside;     ///< names that only a loop or branch had
  std::vector<graph::Node *> dataAtoms; ///< `%k`
  std::map<graph::Node *, unsigned> dataAtomOf;

  struct OpenIndex {
    int id;
    std::string name;
    Range range;
    std::optional<Dim> bound;
  };
  /// What a subscript says of the ranges of open indices: `coordinate` must stay inside `size`.
  struct Constraint {
    Dim coordinate, size;
    Range range;
    ast::Subscript::Outside outside;
    std::string tensor;
  };
  std::vector<OpenIndex> indices; ///< in scope, innermost last
  std::vector<Constraint> constraints;
  std::vector<std::vector<std::string>> ellipsisIndices; ///< names that `...` stands for under an index list
  bool collecting = false; ///< ranges are being inferred: bounds are not judged

  // Messages.cpp
  Diagnostic &error(Code code, Range range, std::string message);
  Value fail(Code code, Range range, std::string message);
  std::string quoted(const ast::Expr &e) const { return quoted(e.range); }
  std::string quoted(Range range) const;
  std::string sourceOf(Range range) const;
  static std::string describe(const Value &value);
  bool isKnown(const std::string &name, Range range);
  std::optional<uint32_t> scriptLineOf(const std::string &text) const;
  void unknownName(const std::string &text, Range range, const ast::Call *call = nullptr);
  bool foreignPath(const ast::Expr &e, const ast::Call *call = nullptr);
  void foreignMethod(const ast::Call &call, const ast::FieldAccess &method, const Value &object);
  void foreignTensorField(const ast::FieldAccess &e, const Value &object);
  void noParameter(const std::string &function, const std::string &given, const Value &value, Range call, const std::vector<std::string> &known);
  void noteOperand(Diagnostic &d, const Value &v, Range range, size_t dim = size_t(-1));
  void noteDiffering(Diagnostic &d, const Value &a, const Value &b, int64_t apart = -1);
  void helpShapes(Diagnostic &d, const Value &a, const Value &b, const Dim &x, const Dim &y);
  void helpArgument(Diagnostic &d, const Type &pattern, const Value &v, Range range);

  // Nodes.
  graph::Node *node(graph::Op op, Element element, Dims shape, std::vector<graph::Node *> operands, Range range);
  graph::Node *constant(double number, Element element, Range range);
  graph::Node *integer(int64_t number, Element element, Range range);
  graph::Node *broadcast(graph::Node *x, const Dims &shape);
  graph::Node *convertNode(graph::Node *x, Element element, Range range);
  graph::Node *point(std::string_view name, std::vector<graph::Node *> operands, Range range);
  Dim linearForm(Value &value);       ///< of an integer scalar; data become `%k`
  bool isScriptNumber(graph::Node *n) const;
  static bool isSize(const Dim &dim); ///< neither index variables nor data
  static bool isOfSizes(const graph::Node *n);
  graph::Node *nodeOfDim(const Dim &dim, Range range);

  // Expressions.cpp
  Value name(const ast::Name &e);
  Value moduleConstant(const Module &owner, const ast::ConstItem &item, Range range);
  const Value *lookup(const std::string &text, Range range);
  Value field(const ast::FieldAccess &e);
  Value ifExpr(const ast::If &e);
  Value branch(Value condition, Range range, const std::function<Value()> &then, const std::function<Value()> &otherwise,
               const std::vector<std::string> &carried = {});
  Value list(const ast::List &e);
  Value number(const ast::Number &e);
  Value binary(const ast::Binary &e);
  Value matmul(Value a, Value b, const ast::Expr &e, const ast::Expr &lhs, const ast::Expr &rhs);
  std::optional<Dim> sizeOf(const ast::Expr &e, const char *what);
  std::optional<Dim> asSize(Value value, Range range, const char *what);
  std::optional<Dim> lengthArgument(const Value &value, Range range, const char *what);
  std::optional<Dims> shapeArgument(const Value &value, Range range);

  // Pointwise.cpp
  Value pointwise(const std::string &name, std::vector<Value> operands, Range range);
  Value pointwiseLeaves(const std::string &name, std::vector<Value> operands, Range range);
  std::optional<Value> foldWeak(const std::string &name, std::vector<Value> &operands);
  bool unifyElements(std::vector<Value *> operands, const std::string &name, Range range);
  bool unifyShapes(std::vector<Value *> operands, const std::string &name, Range range);
  Value convert(Value value, Element element, Range range);
  Value settle(Value value); ///< weak leaves become i32 and f32
  Value stack(std::vector<Value> values, Range range);
  Value concat(std::vector<Value> values, int64_t axis, Range range);

  // Subscripts.cpp
  Value subscript(const ast::Subscript &e);
  Value subscriptTensor(Value base, const ast::Subscript &e);
  bool proveInside(const Dim &coordinate, const Dim &size, const ast::Subscript &e, Range sub, bool &counted);
  std::optional<std::pair<Dim, Dim>> interval(const Dim &dim);
  Value replaced(const Value &part, Value value, Range range);
  Value update(const Value &base, const ast::Expr &target, Value value);

  // IndexNotation.cpp
  Value overIndices(const std::vector<ast::Index> &list, Range range, const std::function<Value()> &body,
                    const ast::ReduceOp *reduce);
  bool inferRanges(size_t first, Range range);
  std::optional<size_t> ellipsisRank(const ast::Expr &e);
  Value buildLeaves(Value body, const std::vector<graph::IndexVar> &vars, Range range);
  Value reduceIndices(ast::ReduceOp op, Value body, const std::vector<graph::IndexVar> &vars, Range range);
  const ast::Expr *indexBody = nullptr; ///< of the index list about to be elaborated: what gives `...` its rank

  // Calls.cpp
  Value call(const ast::Call &e);
  Value checkpoint(const ast::Expr &e, Range range);
  Value pipe(const ast::Pipe &e);
  Value callNamed(const ast::Expr &callee, CallArguments arguments);
  Value callFunction(const Function &f, CallArguments arguments);
  CallArguments evaluate(const std::vector<ast::Argument> &arguments, Range range);
  Value composite(const std::string &name, std::vector<Value> &parameters, Range range, const std::function<Value()> &body,
                  const ast::VjpItem *vjp, const ast::DefItem &def);
  Value hostCall(const ast::DefItem &def, Binding &binding, Range range);

  // Builtins.cpp, Primitives.cpp, Reductions.cpp, Random.cpp
  using Builtin = Value (Elaborator::*)(const std::string &name, CallArguments &);
  static const std::map<std::string, Builtin> &builtins();
  bool isBuiltin(const std::string &name) const;
  std::vector<std::string> allNames() const;
  bool arity(const std::string &name, const CallArguments &a, size_t least, size_t most,
             std::initializer_list<std::string_view> named = {});
  Value builtinWhere(const std::string &, CallArguments &);
  Value builtinReshape(const std::string &, CallArguments &);
  Value builtinTranspose(const std::string &, CallArguments &);
  Value builtinBroadcastTo(const std::string &, CallArguments &);
  Value builtinConcat(const std::string &, CallArguments &);
  Value builtinPad(const std::string &, CallArguments &);
  Value builtinRearrange(const std::string &, CallArguments &); ///< flip roll repeat diag tril triu
  Value builtinSize(const std::string &, CallArguments &);      ///< size shape
  Value builtinMake(const std::string &, CallArguments &);      ///< zeros ones full zeros_like eye arange linspace one_hot
  Value builtinReduce(const std::string &, CallArguments &);    ///< the REDUCE words, var std norm
  Value builtinScan(const std::string &, CallArguments &);
  Value builtinIdentity(const std::string &, CallArguments &);  ///< stop_gradient checkpoint
  Value builtinClose(const std::string &, CallArguments &);
  Value builtinRandom(const std::string &, CallArguments &);
  Value builtinInit(const std::string &, CallArguments &);
  Value builtinSort(const std::string &, CallArguments &); ///< sort argsort topk
  Value builtinFft(const std::string &, CallArguments &);  ///< fft ifft rfft irfft
  Value builtinLinear(const std::string &, CallArguments &); ///< cholesky triangular_solve solve inv det
  bool alongLast(const std::string &name, const CallArguments &a);
  graph::Node *primitive(const std::string &name, Element element, Dims shape, std::vector<graph::Node *> operands, Range range);
  graph::Node *reindexed(graph::Node *x, Dims shape, std::vector<Dim> coordinates, Range range);
  std::optional<Element> matrixElement(const std::string &name, Value &x, Range range);
  Value builtinScatterAdd(const std::string &, CallArguments &);
  Value builtinScriptOnly(const std::string &, CallArguments &);
  Value mapLeaves(const Value &value, const std::function<Value(const Value &)> &f);
  ast::ReduceOp ofBools(ast::ReduceOp op, Value &x, Range range);
  Value reduceAxes(ast::ReduceOp op, Value x, std::vector<int64_t> axes, bool keep, Range range);
  std::optional<std::vector<int64_t>> axesOf(const Value *axis, size_t rank, Range range);
  Value noKey(const Value &given, Range range);
  Value randomBits(Value key, const Dims &shape, Range range);
  Value uniform(Value key, const Dims &shape, Element element, Range range);
  Value normal(Value key, const Dims &shape, Element element, Range range);
  Value deriveKey(Value key, Value counter, int64_t domain, Range range);
  Value initialise(const Type &type, Value key, std::optional<Element> floating, const std::string &path, Range range);
  std::optional<Element> elementArgument(const CallArguments &a, size_t position, Element otherwise);

  // Statements.cpp
  Value block(const ast::Block &b);
  bool statement(const ast::Stmt &s);
  bool assign(const ast::Expr &target, Value value);
  std::vector<Value> takeApart(Value value, size_t targets, Range range);
  bool assignStatement(const ast::AssignStmt &s);
  struct Carried {
    std::string name;
    Value value;
  };
  void settleCarried(std::vector<Carried> &carried, const std::vector<Carried> &after);
  bool finishCarried(graph::Node *owner, graph::Scope *inner, std::vector<Carried> &carried, std::vector<Carried> &after, Range range);
  size_t bindCarried(graph::Node *owner, const std::vector<Carried> &carried, Range range);
  bool forStatement(const ast::ForStmt &s, const std::vector<ast::ExprPtr> *yieldTargets);
  bool whileStatement(const ast::WhileStmt &s);
  bool ifStatement(const ast::IfStmt &s);

  // Derivatives.cpp
  Value derivative(const ast::Derivative &e);
  void warnIfZero(const ast::Derivative::Variable &variable, const std::vector<graph::Node *> &results, const std::set<graph::Node *> &params, Range range);
  bool bindsItsSizes(const ast::DefItem &def);
  Value meet(Value value, const Value &like);
  graph::Node *again(graph::Node *node);
  bool dependsOn(graph::Node *node, const std::vector<graph::Node *> &variables, const std::set<graph::Node *> &arguments);
};

/// What a scalar function is defined on, a union of kinds of elements; the names are those of dialect/TdsFunctions.td.
struct ElementKinds {
  enum : unsigned { Bool = 1, Integer = 2, Key = 4, Floating = 8, Complex = 16, Real = 10, Analytic = 24, Numeric = 26, Any = 31 };
};

/// A row of the table that tds-tblgen makes of dialect/TdsFunctions.td.
struct FunctionInfo {
  std::string_view name, params; ///< params: "x, y"
  unsigned elements;             ///< of ElementKinds
  enum Result : uint8_t { Same, Bool, RealOf, ComplexOf } result;
  bool differentiable;
  std::string_view summary, example;
  unsigned arity() const;
};
const FunctionInfo *scalarFunction(std::string_view name);
const std::vector<FunctionInfo> &scalarFunctions();

} // namespace tds::sema
