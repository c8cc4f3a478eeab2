#include "lib/Script/Check.h"
#include "lib/Sema/Habits.h"
#include "llvm/Support/Casting.h"

using namespace tds;
using llvm::cast;
using llvm::dyn_cast;

namespace {

struct Checker {
  Diagnostics &diagnostics;
  const std::map<std::string, const ast::DefItem *> &defs;

  void block(const ast::Block &b, bool yields = false) {
    for (const ast::StmtPtr &s : b.statements)
      if (!yields || s != b.statements.back())
        statement(*s);
  }

  void loop(const ast::ForStmt &s, bool yields) {
    if (s.end && s.names.size() != 1)
      diagnostics.error(Code::E0222, s.range, "a counted loop has one name");
    bool last = !s.body->statements.empty() && s.body->statements.back()->kind == ast::Stmt::YieldK;
    if (yields && !last)
      diagnostics.error(Code::E0213, s.range, "`name = for ..` wants `yield` as its last statement");
    block(*s.body, yields && last);
  }

  void statement(const ast::Stmt &s) {
    switch (s.kind) {
    case ast::Stmt::ForK:
      loop(cast<ast::ForStmt>(s), false);
      break;
    case ast::Stmt::WhileK:
      block(*cast<ast::WhileStmt>(s).body);
      break;
    case ast::Stmt::OnK:
      block(*cast<ast::OnStmt>(s).body);
      break;
    case ast::Stmt::IfK: {
      auto &branch = cast<ast::IfStmt>(s);
      block(*branch.then);
      if (branch.otherwiseIf)
        statement(*branch.otherwiseIf);
      if (branch.otherwise)
        block(*branch.otherwise);
      break;
    }
    case ast::Stmt::AssignK: {
      auto &assign = cast<ast::AssignStmt>(s);
      if (assign.loop)
        loop(*assign.loop, true);
      if (assign.op != ast::AssignStmt::set && assign.targets[0]->kind == ast::Expr::SubscriptK)
        diagnostics.error(Code::E0222, assign.targets[0]->range, "`+=` under a subscript would count repeated ids once")
            .help("use `scatter_add(x, ids, v)`, or `x[i] = x[i] + v`");
      break;
    }
    case ast::Stmt::YieldK:
      diagnostics.error(Code::E0213, s.range, "`yield` is only in `name = for ..`, as its last statement");
      break;
    case ast::Stmt::ExprK: {
      auto *call = dyn_cast<ast::Call>(cast<ast::ExprStmt>(s).value.get());
      auto *callee = call ? dyn_cast<ast::Name>(call->callee.get()) : nullptr;
      if (!callee || (callee->text != "print" && callee->text != "save")) {
        std::string help = call && !(callee && defs.contains(callee->text)) ? sema::foreignStatement(*call, diagnostics.getSources()) : "";
        diagnostics.error(Code::E0214, s.range, "this value is not used").help(help.empty() ? "bind it, `name = ..`, or `print` it" : help);
      }
      break;
    }
    case ast::Stmt::AssertK:
    case ast::Stmt::DefineK:
      break;
    }
  }
};

} // namespace

void script::checkStatements(sema::Program &program, const sema::Module &module) {
  Checker checker{program.diagnostics(), module.defs};
  for (const ast::ItemPtr &item : module.file->items) {
    if (auto *s = dyn_cast<ast::StmtItem>(item.get()))
      checker.statement(*s->statement);
    else if (auto *test = dyn_cast<ast::TestItem>(item.get()))
      checker.block(*test->body);
  }
}
