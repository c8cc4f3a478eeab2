#pragma once
#include "lib/Syntax/Ast.h"
#include <random>

namespace tds::test {

/// Makes random trees that the grammar can yield: the same seed, the same tree.
class Generator {
public:
  explicit Generator(uint32_t seed) : random(seed) {}
  std::unique_ptr<ast::File> file();
  ast::ExprPtr expr();

private:
  unsigned below(unsigned bound) { return random() % bound; }
  bool chance(unsigned percent) { return below(100) < percent; }
  template <class Make> auto several(unsigned least, unsigned most, Make make) {
    std::vector<decltype(make())> list;
    for (unsigned count = least + below(most - least + 1); count > 0; --count)
      list.push_back(make());
    return list;
  }

  std::string word(bool keywords);
  ast::Identifier name() { return {word(false), {}}; }
  ast::Identifier field() { return {word(true), {}}; }
  std::string literal();

  ast::ExprPtr leaf();
  ast::ExprPtr string();
  ast::ExprPtr subscript(ast::ExprPtr base);
  ast::ExprPtr target(bool tuples = true);
  std::vector<ast::Argument> arguments();
  std::vector<ast::Index> indices();
  std::unique_ptr<ast::Block> block();
  std::unique_ptr<ast::ForStmt> loop();
  std::unique_ptr<ast::IfStmt> branch();
  ast::StmtPtr statement();
  std::unique_ptr<ast::Type> type();
  std::vector<ast::Param> params();
  ast::ExprPtr body();
  ast::ItemPtr item();

  std::mt19937 random;
  unsigned depth = 0;
  bool inString = false;
};

} // namespace tds::test
