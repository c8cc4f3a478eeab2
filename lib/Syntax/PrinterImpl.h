#pragma once
#include "lib/Syntax/Layout.h"
#include "lib/Syntax/Printer.h"
#include <functional>

namespace tds::syntax {

/// How tightly an expression binds: the grammar's levels.
enum class Level : uint8_t { expr, pipe, logicalOr, logicalAnd, logicalNot, cmp, sum, term, unary, postfix };

/// Makes the layout of a tree. A tree from a source takes the comments along, and keeps the author's choice of one line
/// or several for what stands in braces.
class Printer {
public:
  using Id = Layout::Id;

  Printer() = default;
  Printer(std::string_view source, const std::vector<ast::Comment> &comments)
      : source(source), comments(&comments), written(comments.size()) {}

  std::string file(const ast::File &file);
  std::string render(Id id) const { return layout.render(id, width); }

  // PrintExpressions.cpp
  Id expr(const ast::Expr &expr, Level least = Level::expr);
  // PrintItems.cpp
  Id type(const ast::Type &type);

private:
  static constexpr unsigned width = 120;
  static constexpr unsigned unlimited = 1u << 30;

  /// A statement, item or row of fields: what has lines of its own, and comments around it.
  struct Entry {
    uint32_t begin, end;
    std::function<Id()> build;
  };

  // PrintExpressions.cpp
  Id bare(const ast::Expr &expr);
  Id binary(const ast::Binary &binary);
  Id pipe(const ast::Pipe &pipe);
  Id string(const ast::String &string);
  Id subscript(const ast::Subscript &subscript);
  Id sub(const ast::Sub &sub);
  Id lambda(Id head, const ast::Expr &body);
  Id derivative(const ast::Derivative &derivative);
  Id callee(const ast::Expr &expr);
  Id arguments(const std::vector<ast::Argument> &arguments);
  Id indices(const std::vector<ast::Index> &indices);

  // PrintItems.cpp
  Id item(const ast::Item &item);
  Id def(const ast::DefItem &item);
  Id import(const ast::ImportItem &item);
  Id params(const std::vector<ast::Param> &params);
  Id body(const ast::Expr &body);
  Id doc(const std::string &doc, Id item);
  Id record(const ast::Type &type);
  Id field(const ast::Field &field);

  // PrintStatements.cpp
  Id block(const ast::Block &block);
  Id statement(const ast::Stmt &statement);
  Id loop(const ast::ForStmt &loop);
  Id branch(const ast::IfStmt &branch);
  Id assignment(const ast::AssignStmt &assignment);
  /// Entries and comments between two bytes, each on its line.
  Id sequence(const std::vector<Entry> &entries, uint32_t begin, uint32_t end);
  /// `{`, entries on lines of their own, `}`.
  Id braces(const std::vector<Entry> &entries, uint32_t begin, uint32_t end);

  Id text(std::string_view text) { return layout.text(text); }
  Id words(std::initializer_list<Id> parts) { return layout.concat(std::vector<Id>(parts)); }
  /// `(a, b)`, broken inside the brackets. `hug`: the last part breaks inside itself instead.
  Id list(std::string_view open, std::vector<Id> parts, std::string_view close, bool hug = false);
  static bool hugs(const ast::Expr &last);
  std::string quoted(std::string_view text) const;

  bool hasSource() const { return !source.empty(); }
  /// Newlines of the source between two bytes, at most two.
  unsigned newlines(uint32_t begin, uint32_t end) const;
  /// Of the comments from a byte on.
  size_t firstComment(uint32_t place) const;
  bool isComment(size_t index, uint32_t end) const;

  Layout layout;
  std::string_view source;
  const std::vector<ast::Comment> *comments = nullptr;
  std::vector<bool> written; ///< which comments
  bool bracketed = false;    ///< inside a subscript or index list
  bool oneLine = false;      ///< inside an interpolation
};

} // namespace tds::syntax
