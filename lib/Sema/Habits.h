#pragma once
#include "lib/Syntax/Ast.h"
#include "lib/Support/Source.h"
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What to write instead of what people bring from NumPy, JAX, PyTorch and Python: the table Habits.def, filled in with what was
/// written. Each answer is the text of a `help:` line, or empty when the table has nothing.
namespace tds::sema {

/// An argument as it was written; `name` is empty for a positional one.
struct WrittenArgument {
  std::string name, value;
};
std::vector<WrittenArgument> written(const std::vector<ast::Argument> &arguments, const Sources &sources);

/// `np`, `torch`, … : modules whose functions stand alone in TDS.
bool isForeignModule(std::string_view name);
/// TDS's name of an element type: `f32` for `float32`; its own names stay.
std::string foreignType(std::string_view name);
/// The name of a function, or of a value when there are no arguments.
std::string foreignName(std::string_view name, const std::vector<WrittenArgument> &arguments = {});
std::string foreignField(std::string_view name, const std::string &object);
std::string foreignArgument(std::string_view name, const std::string &value);
/// The call of a function that TDS has, as TDS writes it: `sum(x, axis=1, keep=true)`.
std::string asTds(std::string_view function, const std::vector<WrittenArgument> &arguments);
/// `np` of `np.linalg.norm`, or empty; `last` becomes `norm`.
std::string rootOfPath(const ast::Expr &e, std::string &last);
/// Of a call in a script whose value nobody uses: `x.append(1)`, `seed(0)`.
std::string foreignStatement(const ast::Call &call, const Sources &sources);
/// Parenthesised unless it stands by itself between any two signs.
std::string operand(const std::string &text);

} // namespace tds::sema
