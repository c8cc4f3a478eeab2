#include "lib/Syntax/Printer.h"
#include "lib/Syntax/Token.h"

namespace tds {

using namespace ast;

namespace {

/// Writes a line a node, children indented. All but places is shown: equal dumps are equal trees.
class Dumper {
public:
  std::string out;

  void file(const File &file) {
    for (const ItemPtr &entry : file.items)
      item(*entry);
  }

  void expr(const Expr &node) {
    switch (node.kind) {
    case Expr::NumberK:
      return line("number " + llvm::cast<Number>(node).text);
    case Expr::StringK:
      return string(llvm::cast<String>(node));
    case Expr::BoolK:
      return line(llvm::cast<Bool>(node).value ? "true" : "false");
    case Expr::NameK:
      return line("name " + llvm::cast<Name>(node).text);
    case Expr::UnaryK: {
      auto &unary = llvm::cast<Unary>(node);
      return inside(unary.op == UnaryOp::neg ? "unary -" : "unary not", [&] { expr(*unary.operand); });
    }
    case Expr::BinaryK: {
      auto &binary = llvm::cast<Binary>(node);
      return inside("binary " + std::string(syntax::spelling(binary.op)),
                    [&] { expr(*binary.lhs), expr(*binary.rhs); });
    }
    case Expr::PipeK: {
      auto &pipe = llvm::cast<Pipe>(node);
      return inside("pipe", [&] { expr(*pipe.value), expr(*pipe.callee), arguments(pipe.arguments); });
    }
    case Expr::CallK: {
      auto &call = llvm::cast<Call>(node);
      return inside("call", [&] { expr(*call.callee), arguments(call.arguments); });
    }
    case Expr::FieldK: {
      auto &field = llvm::cast<FieldAccess>(node);
      return inside("field " + field.name.text, [&] { expr(*field.base); });
    }
    case Expr::SubscriptK:
      return subscript(llvm::cast<Subscript>(node));
    case Expr::IfK: {
      auto &branch = llvm::cast<If>(node);
      return inside("if", [&] { expr(*branch.condition), expr(*branch.then), expr(*branch.otherwise); });
    }
    case Expr::LambdaK: {
      auto &lambda = llvm::cast<Lambda>(node);
      return inside("lambda" + names(lambda.params), [&] { expr(*lambda.body); });
    }
    case Expr::IndexLambdaK: {
      auto &lambda = llvm::cast<IndexLambda>(node);
      return inside("index lambda", [&] { indices(lambda.indices), expr(*lambda.body); });
    }
    case Expr::BlockK:
      return block("block", llvm::cast<Block>(node));
    case Expr::ListK:
      return elements("list", llvm::cast<List>(node).elements);
    case Expr::TupleK:
      return elements("tuple", llvm::cast<Tuple>(node).elements);
    case Expr::RecordK:
      return inside("record", [&] {
        for (auto &[name, value] : llvm::cast<Record>(node).fields)
          optional("field " + name.text, value);
      });
    case Expr::ReduceK: {
      auto &reduce = llvm::cast<Reduce>(node);
      return inside("reduce " + std::string(syntax::spelling(reduce.op)),
                    [&] { indices(reduce.indices), expr(*reduce.body); });
    }
    case Expr::DerivativeK:
      return derivative(llvm::cast<Derivative>(node));
    }
  }

private:
  void line(const std::string &text) { out += std::string(2 * depth, ' ') + text + "\n"; }
  template <class Body> void inside(const std::string &text, Body body) {
    line(text);
    ++depth;
    body();
    --depth;
  }
  /// A labelled child, left out when there is none.
  void optional(const std::string &label, const ExprPtr &value) {
    if (value)
      inside(label, [&] { expr(*value); });
  }
  static std::string names(const std::vector<Identifier> &list) {
    std::string out;
    for (const Identifier &name : list)
      out += " " + name.text;
    return out;
  }
  static std::string quoted(const std::string &text) {
    std::string out = "\"";
    for (char c : text)
      out += c == '\n' ? "\\n" : c == '"' ? "\\\"" : c == '\\' ? "\\\\" : std::string(1, c);
    return out + "\"";
  }

  void elements(const std::string &label, const std::vector<ExprPtr> &list) {
    inside(label, [&] {
      for (const ExprPtr &element : list)
        expr(*element);
    });
  }

  void arguments(const std::vector<Argument> &list) {
    for (const Argument &argument : list)
      optional(argument.name ? "argument " + argument.name->text : "argument", argument.value);
  }

  void indices(const std::vector<Index> &list) {
    for (const Index &index : list)
      inside("index " + index.name.text, [&] { optional("below", index.bound); });
  }

  void string(const String &node) {
    inside(node.raw ? "raw string" : "string", [&] {
      for (const String::Part &part : node.parts) {
        if (part.value)
          inside("part :" + part.format, [&] { expr(*part.value); });
        else
          line(quoted(part.text));
      }
    });
  }

  void subscript(const Subscript &node) {
    constexpr std::string_view outside[] = {"subscript", "subscript else", "subscript wrap", "subscript clamp"};
    inside(std::string(outside[node.outside]), [&] {
      expr(*node.base);
      for (const Sub &sub : node.subs) {
        switch (sub.kind) {
        case Sub::ellipsis:
          line("...");
          break;
        case Sub::newAxis:
          line("new");
          break;
        case Sub::index:
          optional("at", sub.value);
          break;
        case Sub::slice:
          inside("slice", [&] { optional("from", sub.begin), optional("to", sub.end), optional("by", sub.stride); });
          break;
        }
      }
      optional("else", node.otherwiseValue);
    });
  }

  void derivative(const Derivative &node) {
    inside("derivative " + std::string(syntax::spelling(node.op)), [&] {
      for (const Derivative::Variable &variable : node.variables)
        inside("variable " + variable.name.text, [&] { optional("tangent", variable.tangent); });
      expr(*node.body);
      optional("cotangent", node.cotangent);
    });
  }

  void block(const std::string &label, const Block &node) {
    inside(label, [&] {
      for (const StmtPtr &entry : node.statements)
        statement(*entry);
    });
  }

  void loop(const ForStmt &node) {
    inside("for" + names(node.names),
           [&] { optional(node.end ? "from" : "in", node.begin), optional("to", node.end), block("do", *node.body); });
  }

  void statement(const Stmt &node) {
    switch (node.kind) {
    case Stmt::ForK:
      return loop(llvm::cast<ForStmt>(node));
    case Stmt::WhileK: {
      auto &loop = llvm::cast<WhileStmt>(node);
      return inside("while", [&] { expr(*loop.condition), block("do", *loop.body); });
    }
    case Stmt::IfK: {
      auto &branch = llvm::cast<IfStmt>(node);
      return inside("if", [&] {
        expr(*branch.condition), block("then", *branch.then);
        if (branch.otherwiseIf)
          inside("else", [&] { statement(*branch.otherwiseIf); });
        if (branch.otherwise)
          block("else", *branch.otherwise);
      });
    }
    case Stmt::OnK: {
      auto &on = llvm::cast<OnStmt>(node);
      return inside(on.cuda ? "on cuda" : "on cpu", [&] { optional("ordinal", on.ordinal), block("do", *on.body); });
    }
    case Stmt::AssertK:
      return optional("assert", llvm::cast<AssertStmt>(node).condition);
    case Stmt::YieldK:
      return optional("yield", llvm::cast<YieldStmt>(node).value);
    case Stmt::ExprK:
      return optional("expression", llvm::cast<ExprStmt>(node).value);
    case Stmt::AssignK: {
      auto &assign = llvm::cast<AssignStmt>(node);
      constexpr std::string_view signs[] = {"assign =", "assign +=", "assign -=", "assign *=", "assign /="};
      return inside(std::string(signs[assign.op]), [&] {
        elements(assign.trailingComma ? "targets," : "targets", assign.targets);
        if (assign.loop)
          loop(*assign.loop);
        else
          expr(*assign.value);
      });
    }
    case Stmt::DefineK: {
      auto &define = llvm::cast<DefineStmt>(node);
      return inside("define " + define.name.text, [&] { indices(define.indices), expr(*define.value); });
    }
    }
  }

  void params(const std::vector<Param> &list) {
    for (const Param &param : list)
      inside("param " + param.name.text, [&] {
        if (param.type)
          type(*param.type);
        optional("initial", param.initial);
      });
  }

  void type(const Type &node) {
    constexpr std::string_view kinds[] = {"type ", "record type", "tuple type"};
    std::string name = (node.module.empty() ? "" : node.module + ".") + node.name.text;
    inside(std::string(kinds[node.kind]) + name, [&] {
      for (const Field &field : node.fields)
        inside("field " + field.name.text + (field.as ? " as " + quoted(*field.as) : ""),
               [&] { type(*field.type), optional("initial", field.initial); });
      for (const auto &element : node.elements)
        type(*element);
      for (const std::vector<Dim> &suffix : node.suffixes)
        inside("dimensions", [&] {
          for (const Dim &dim : suffix)
            dim.kind == Dim::size ? expr(*dim.value) : line(dim.kind == Dim::wild ? "_" : "...");
        });
    });
  }

  void item(const Item &node) {
    switch (node.kind) {
    case Item::ImportK: {
      auto &import = llvm::cast<ImportItem>(node);
      return line("import" +
                  (import.path ? " " + quoted(*import.path) + " as " + import.alias.text : names(import.modules)));
    }
    case Item::DefK: {
      auto &def = llvm::cast<DefItem>(node);
      std::string head =
          std::string(def.library ? "library " : "") + (def.isExtern ? "extern " : "") + (def.cuda ? "cuda " : "");
      return inside(head + "def " + def.name.text, [&] {
        if (!def.doc.empty())
          line("doc " + quoted(def.doc));
        params(def.params);
        if (def.result)
          inside("result", [&] { type(*def.result); });
        optional("body", def.body);
        if (!def.raw.empty())
          line("source " + quoted(def.raw));
      });
    }
    case Item::VjpK: {
      auto &vjp = llvm::cast<VjpItem>(node);
      return inside("vjp " + vjp.name.text, [&] { params(vjp.params), optional("body", vjp.body); });
    }
    case Item::TypeK: {
      auto &alias = llvm::cast<TypeItem>(node);
      return inside("alias " + alias.name.text + names(alias.params), [&] {
        if (!alias.doc.empty())
          line("doc " + quoted(alias.doc));
        type(*alias.type);
      });
    }
    case Item::ConstK: {
      auto &constant = llvm::cast<ConstItem>(node);
      return optional((constant.isArg ? "arg " : "const ") + constant.name.text, constant.value);
    }
    case Item::TestK: {
      auto &test = llvm::cast<TestItem>(node);
      return block("test " + quoted(test.name), *test.body);
    }
    case Item::StmtK:
      return statement(*llvm::cast<StmtItem>(node).statement);
    }
  }

  unsigned depth = 0;
};

} // namespace

std::string dump(const File &file) {
  Dumper dumper;
  dumper.file(file);
  return std::move(dumper.out);
}

std::string dump(const Expr &expr) {
  Dumper dumper;
  dumper.expr(expr);
  return std::move(dumper.out);
}

bool sameTree(const File &a, const File &b) { return dump(a) == dump(b); }
bool sameTree(const Expr &a, const Expr &b) { return dump(a) == dump(b); }

} // namespace tds
