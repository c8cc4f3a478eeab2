#include "lib/Shape/Dim.h"
#include <algorithm>
#include <cctype>

using namespace tds;

Dim::Dim(int64_t constant) {
  if (constant != 0)
    terms[{}] = constant;
}

Dim Dim::atom(Atom atom) {
  Dim dim;
  dim.terms[{std::move(atom)}] = 1;
  return dim;
}

Dim Dim::name(std::string name) { return atom({Atom::name, std::move(name), nullptr, nullptr}); }

std::optional<int64_t> Dim::constant() const {
  if (terms.empty())
    return 0;
  if (terms.size() == 1 && terms.begin()->first.empty())
    return terms.begin()->second;
  return std::nullopt;
}

std::optional<std::string> Dim::asName() const {
  if (terms.size() != 1 || terms.begin()->second != 1)
    return std::nullopt;
  const Monomial &m = terms.begin()->first;
  if (m.size() != 1 || m[0].kind != Atom::name)
    return std::nullopt;
  return m[0].text;
}

static void addTerm(std::map<Dim::Monomial, int64_t> &terms, const Dim::Monomial &m, int64_t coefficient) {
  auto [it, isNew] = terms.try_emplace(m, 0);
  it->second = int64_t(uint64_t(it->second) + uint64_t(coefficient));
  if (it->second == 0)
    terms.erase(it);
}

Dim Dim::operator+(const Dim &o) const {
  Dim sum = *this;
  for (auto &[m, c] : o.terms)
    addTerm(sum.terms, m, c);
  return sum;
}

Dim Dim::operator-(const Dim &o) const {
  Dim difference = *this;
  for (auto &[m, c] : o.terms)
    addTerm(difference.terms, m, int64_t(0 - uint64_t(c)));
  return difference;
}

Dim Dim::operator*(const Dim &o) const {
  Dim product;
  for (auto &[m, c] : terms)
    for (auto &[n, d] : o.terms) {
      Monomial both = m;
      both.insert(both.end(), n.begin(), n.end());
      std::sort(both.begin(), both.end());
      addTerm(product.terms, both, int64_t(uint64_t(c) * uint64_t(d)));
    }
  return product;
}

static int64_t floorDivide(int64_t a, int64_t b) {
  if (b == 0)
    return 0;
  if (b == -1)
    return int64_t(0 - uint64_t(a));
  int64_t q = a / b;
  return (a % b != 0 && (a % b < 0) != (b < 0)) ? q - 1 : q;
}

static std::string operandText(const Dim &dim) {
  std::string text = dim.str();
  return dim.getTerms().size() > 1 || text.find(' ') != std::string::npos || text[0] == '-' ? "(" + text + ")" : text;
}

Dim Dim::floorDiv(const Dim &a, const Dim &b) {
  auto x = a.constant(), y = b.constant();
  if (x && y)
    return floorDivide(*x, *y);
  if (a.terms.empty() || (y && *y == 0))
    return 0;
  if (y && *y == 1)
    return a;
  if (a == b)
    return 1; // a size of 0 has no elements to index, so 0 // 0 never shows
  // The part that the divisor divides leaves the quotient: (4*n + 2*m + 3) // 2  =>  2*n + m + 1 + 1 // 2.
  Dim quotient, rest;
  if (y) {
    for (auto &[m, c] : a.terms) {
      int64_t q = floorDivide(c, *y), r = m.empty() ? c - q * *y : c % *y == 0 ? 0 : c;
      if (r == 0 || m.empty())
        addTerm(quotient.terms, m, q);
      if (r != 0)
        addTerm(rest.terms, m, r);
    }
  } else if (b.terms.size() == 1) {
    auto &[divisor, k] = *b.terms.begin();
    for (auto &[m, c] : a.terms) {
      Monomial left = m;
      bool divides = c % k == 0;
      for (const Atom &factor : divisor) {
        auto it = std::find(left.begin(), left.end(), factor);
        if (it == left.end()) {
          divides = false;
          break;
        }
        left.erase(it);
      }
      if (divides)
        addTerm(quotient.terms, left, c / k);
      else
        addTerm(rest.terms, m, c);
    }
  } else {
    rest = a;
  }
  if (auto constant = rest.constant(); constant && y)
    return quotient + Dim(floorDivide(*constant, *y));
  if (rest.terms.empty())
    return quotient;
  if (rest.isConstant(-1))
    return quotient - Dim(1); // the divisor is 1 or more wherever an element exists
  Atom atom{Atom::floorDiv, operandText(rest) + " // " + operandText(b), std::make_shared<Dim>(rest),
            std::make_shared<Dim>(b)};
  return quotient + Dim::atom(std::move(atom));
}

Dim Dim::mod(const Dim &a, const Dim &b) {
  auto x = a.constant(), y = b.constant();
  if (x && y)
    return *y == 0 ? 0 : *x - floorDivide(*x, *y) * *y;
  if (a.terms.empty() || (y && (*y == 0 || *y == 1)) || a == b)
    return 0;
  Dim rest;
  for (auto &[m, c] : a.terms)
    if (int64_t r = y ? c - floorDivide(c, *y) * *y : c)
      addTerm(rest.terms, m, r);
  if (auto constant = rest.constant(); constant && y)
    return *constant;
  if (rest.terms.empty())
    return 0;
  return Dim::atom({Atom::mod, operandText(rest) + " % " + operandText(b), std::make_shared<Dim>(rest),
                    std::make_shared<Dim>(b)});
}

Dim Dim::substitute(const std::function<std::optional<Dim>(const std::string &)> &value) const {
  Dim sum;
  for (auto &[m, c] : terms) {
    Dim product = c;
    for (const Atom &a : m) {
      if (a.kind == Atom::name)
        product = product * value(a.text).value_or(Dim::name(a.text));
      else if (a.kind == Atom::floorDiv)
        product = product * floorDiv(a.lhs->substitute(value), a.rhs->substitute(value));
      else
        product = product * mod(a.lhs->substitute(value), a.rhs->substitute(value));
    }
    sum = sum + product;
  }
  return sum;
}

Dim Dim::substitute(const std::map<std::string, Dim> &values) const {
  return substitute([&](const std::string &name) -> std::optional<Dim> {
    auto it = values.find(name);
    return it == values.end() ? std::nullopt : std::optional(it->second);
  });
}

static void collectNames(const Dim &dim, std::set<std::string> &names) {
  for (auto &[m, c] : dim.getTerms())
    for (const Atom &a : m) {
      if (a.kind == Atom::name) {
        names.insert(a.text);
      } else {
        collectNames(*a.lhs, names);
        collectNames(*a.rhs, names);
      }
    }
}

std::set<std::string> Dim::names() const {
  std::set<std::string> names;
  collectNames(*this, names);
  return names;
}

std::optional<Dim::Linear> Dim::linearIn(const std::string &name) const {
  Linear linear;
  for (auto &[m, c] : terms) {
    Dim factor = c;
    unsigned count = 0;
    for (const Atom &a : m) {
      if (a.kind == Atom::name && a.text == name) {
        ++count;
        continue;
      }
      Dim atom = Dim::atom(a);
      if (a.kind != Atom::name && atom.mentions(name))
        return std::nullopt;
      factor = factor * atom;
    }
    if (count > 1)
      return std::nullopt;
    (count ? linear.coefficient : linear.rest) = (count ? linear.coefficient : linear.rest) + factor;
  }
  return linear;
}

bool Dim::provablyNonNegative() const {
  // Each `// k` and `% k` by a positive constant is replaced, once, by the bound that makes the sum smaller:
  // c*(e // k) with c < 0 and k | c is at least c/k * e;  e % k lies in [0, k - 1].
  auto nonNegative = [](const Dim &dim) {
    return std::all_of(dim.terms.begin(), dim.terms.end(), [](auto &term) {
      bool positiveAtoms = std::all_of(term.first.begin(), term.first.end(), [](const Atom &a) {
        return a.kind == Atom::name || (a.rhs->constant().value_or(0) > 0 &&
                                        (a.kind == Atom::mod || a.lhs->provablyNonNegative()));
      });
      return term.second >= 0 && positiveAtoms;
    });
  };
  if (nonNegative(*this))
    return true;
  // The same in fractions: where k does not divide c, k times the sum has the same sign.
  constexpr int64_t most = 1 << 20; // far from what would overflow
  for (auto &[m, c] : terms)
    if (m.size() == 1 && m[0].kind == Atom::floorDiv && c < 0 && c > -most)
      if (int64_t k = m[0].rhs->constant().value_or(0); k > 0 && k < most && c % k != 0)
        return (*this * Dim(k)).provablyNonNegative();
  Dim bound;
  bool changed = false;
  for (auto &[m, c] : terms) {
    if (m.size() == 1 && m[0].kind != Atom::name) {
      int64_t k = m[0].rhs->constant().value_or(0);
      if (k > 0 && m[0].kind == Atom::floorDiv && c % k == 0) {
        // c > 0: k * (e // k) >= e - (k - 1).
        bound = bound + Dim(c / k) * (c < 0 ? *m[0].lhs : *m[0].lhs - Dim(k - 1));
        changed = true;
        continue;
      }
      if (k > 0 && m[0].kind == Atom::mod) {
        bound = bound + Dim(c < 0 ? c * (k - 1) : 0);
        changed = true;
        continue;
      }
    }
    // k * (e // k) <= e for a symbolic k as well.
    if (c < 0 && m.size() > 1) {
      auto division = std::find_if(m.begin(), m.end(), [](const Atom &a) { return a.kind == Atom::floorDiv; });
      if (division != m.end()) {
        Monomial others(m.begin(), division);
        others.insert(others.end(), division + 1, m.end());
        Dim factor;
        factor.terms[others] = 1;
        if (factor == *division->rhs) {
          bound = bound + Dim(c) * *division->lhs;
          changed = true;
          continue;
        }
      }
    }
    addTerm(bound.terms, m, c);
  }
  return changed && bound.provablyNonNegative();
}

std::string Dim::str() const {
  if (terms.empty())
    return "0";
  std::string text;
  auto append = [&](const Monomial &m, int64_t c) {
    bool negative = c < 0;
    uint64_t magnitude = negative ? 0 - uint64_t(c) : uint64_t(c);
    if (text.empty())
      text += negative ? "-" : "";
    else
      text += negative ? " - " : " + ";
    std::string factors;
    if (magnitude != 1 || m.empty())
      factors = std::to_string(magnitude);
    bool alone = factors.empty() && m.size() == 1 && !(negative && terms.size() == 1);
    for (const Atom &a : m) {
      factors += factors.empty() ? "" : " * ";
      factors += a.kind == Atom::name || alone ? a.text : "(" + a.text + ")";
    }
    text += factors;
  };
  // `1 - i` rather than `-i + 1`.
  auto constant = terms.find({});
  bool anyPositive = std::any_of(terms.begin(), terms.end(), [](auto &t) { return !t.first.empty() && t.second > 0; });
  bool first = constant != terms.end() && constant->second > 0 && !anyPositive;
  if (first)
    append({}, constant->second);
  for (auto &[m, c] : terms)
    if (!m.empty() && c > 0)
      append(m, c);
  for (auto &[m, c] : terms)
    if (!m.empty() && c < 0)
      append(m, c);
  if (constant != terms.end() && !first)
    append({}, constant->second);
  return text;
}

std::string tds::str(const Dims &dims) {
  std::string text = "[";
  for (const Dim &dim : dims)
    text += (text.size() > 1 ? ", " : "") + dim.str();
  return text + "]";
}

namespace {
/// The expressions that `str` prints, by recursive descent.
struct DimParser {
  std::string_view text;
  size_t at = 0;

  void skip() {
    while (at < text.size() && text[at] == ' ')
      ++at;
  }
  bool take(std::string_view token) {
    skip();
    if (!text.substr(at).starts_with(token))
      return false;
    at += token.size();
    return true;
  }
  std::optional<Dim> sum() {
    auto left = term();
    while (left) {
      bool plus = take("+");
      if (!plus && !take("-"))
        return left;
      auto right = term();
      if (!right)
        return right;
      left = plus ? *left + *right : *left - *right;
    }
    return left;
  }
  std::optional<Dim> term() {
    auto left = unary();
    while (left) {
      char op = take("*") ? '*' : take("//") ? '/' : take("%") ? '%' : 0;
      if (!op)
        return left;
      auto right = unary();
      if (!right)
        return right;
      left = op == '*' ? *left * *right : op == '/' ? Dim::floorDiv(*left, *right) : Dim::mod(*left, *right);
    }
    return left;
  }
  std::optional<Dim> unary() {
    if (take("-")) {
      auto operand = unary();
      return operand ? std::optional(-*operand) : std::nullopt;
    }
    if (take("(")) {
      auto inner = sum();
      return inner && take(")") ? inner : std::nullopt;
    }
    skip();
    size_t begin = at;
    auto isWord = [](char c) { return std::isalnum((unsigned char)c) || c == '_' || c == '$' || c == '#' || c == '@' || c == '.'; };
    while (at < text.size() && isWord(text[at]))
      ++at;
    if (at == begin)
      return std::nullopt;
    std::string word(text.substr(begin, at - begin));
    if (!std::isdigit((unsigned char)word[0]))
      return Dim::name(std::move(word));
    int64_t value = 0;
    for (char c : word) {
      if (!std::isdigit((unsigned char)c) || value > (INT64_MAX - 9) / 10)
        return std::nullopt;
      value = value * 10 + (c - '0');
    }
    return Dim(value);
  }
};
} // namespace

std::optional<Dim> Dim::parse(std::string_view text) {
  DimParser parser{text};
  auto dim = parser.sum();
  parser.skip();
  return dim && parser.at == text.size() ? dim : std::nullopt;
}
