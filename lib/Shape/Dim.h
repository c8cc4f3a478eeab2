#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tds {

class Dim;

/// What a monomial multiplies: a name, or a floor division or remainder of two sizes that did not fold.
struct Atom {
  enum Kind : uint8_t { name, floorDiv, mod } kind = name;
  std::string text; ///< canonical, and the sort key: "n", "(n + 1) // 2"
  std::shared_ptr<const Dim> lhs, rhs;
  bool operator<(const Atom &o) const { return text < o.text; }
  bool operator==(const Atom &o) const { return text == o.text; }
};

/// A size: a polynomial with integer coefficients over atoms, in canonical form, so that equal sizes compare equal.
/// Names are those of the source. The compiler adds three kinds of its own: `$3` an index variable, `#0` a dimension of
/// the tensor that an access makes, `@1` a subscript that is data (lib/Sema/Graph.h).
class Dim {
public:
  Dim(int64_t constant = 0);
  static Dim name(std::string name);
  static Dim atom(Atom atom);
  /// The inverse of `str`: integers, names, + - * // % and parentheses.
  static std::optional<Dim> parse(std::string_view text);

  std::optional<int64_t> constant() const;
  bool isConstant(int64_t value) const { return constant() == value; }
  /// The name when the size is one name alone.
  std::optional<std::string> asName() const;
  std::string str() const;

  Dim operator+(const Dim &) const;
  Dim operator-(const Dim &) const;
  Dim operator*(const Dim &) const;
  Dim operator-() const { return Dim(0) - *this; }
  /// Floor division and remainder; by zero both are 0, as in the language.
  static Dim floorDiv(const Dim &, const Dim &);
  static Dim mod(const Dim &, const Dim &);
  bool operator==(const Dim &o) const { return terms == o.terms; }
  bool operator<(const Dim &o) const { return terms < o.terms; }

  /// Replaces names; a name that `value` has nothing for stays.
  Dim substitute(const std::function<std::optional<Dim>(const std::string &)> &value) const;
  Dim substitute(const std::map<std::string, Dim> &values) const;
  /// Every name, also inside `//` and `%`.
  std::set<std::string> names() const;
  bool mentions(const std::string &name) const { return names().contains(name); }

  /// `coefficient * name + rest`, when the name occurs linearly and in no other atom; the coefficient may be symbolic.
  struct Linear;
  std::optional<Linear> linearIn(const std::string &name) const;

  /// Whether the size is at least 0 for every value of its names that is a size (0 and up), as far as the sum of its
  /// terms and the bounds of `//` and `%` show it. A `false` is "not proved".
  bool provablyNonNegative() const;

  /// Monomial (sorted atoms) -> coefficient, none 0.
  using Monomial = std::vector<Atom>;
  const std::map<Monomial, int64_t> &getTerms() const { return terms; }

private:
  std::map<Monomial, int64_t> terms;
};

struct Dim::Linear {
  Dim coefficient, rest;
};

using Dims = std::vector<Dim>;
std::string str(const Dims &dims); ///< "[n, 64]"

} // namespace tds
