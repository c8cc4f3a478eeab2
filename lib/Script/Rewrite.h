#pragma once
#include "lib/Syntax/Ast.h"
#include <functional>
#include <set>
#include <string>

namespace tds::script {

/// What stands in for an expression in a copy of a tree; null: a copy of it.
using Replace = std::function<ast::ExprPtr(const ast::Expr &)>;

/// A copy with the same places. `replace` is asked of every expression that is evaluated, outermost first.
ast::ExprPtr copy(const ast::Expr &expr, const Replace &replace = nullptr);

/// The names that an expression binds inside: parameters, indices, variables of derivatives, targets.
std::set<std::string> boundNames(const ast::Expr &expr);

/// `text` need not be a name that can be written.
ast::ExprPtr makeName(std::string text, Range range);
/// `{ target = value; name }`
ast::ExprPtr makeUpdate(ast::ExprPtr target, ast::ExprPtr value, const std::string &name, Range range);
ast::ExprPtr makeBinary(ast::BinaryOp op, ast::ExprPtr lhs, ast::ExprPtr rhs, Range range);

} // namespace tds::script
