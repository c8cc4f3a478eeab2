#include "lib/Syntax/PrinterImpl.h"
#include <algorithm>

namespace tds::syntax {

using namespace ast;

unsigned Printer::newlines(uint32_t begin, uint32_t end) const {
  unsigned count = 0;
  for (size_t at = source.find('\n', begin); at < end && count < 2; at = source.find('\n', at + 1))
    ++count;
  return count;
}

size_t Printer::firstComment(uint32_t place) const {
  if (!comments)
    return 0;
  auto first = std::lower_bound(comments->begin(), comments->end(), place,
                                [](const Comment &comment, uint32_t place) { return comment.range.begin < place; });
  return size_t(first - comments->begin());
}

bool Printer::isComment(size_t index, uint32_t end) const {
  return comments && index < comments->size() && (*comments)[index].range.begin < end;
}

Printer::Id Printer::sequence(const std::vector<Entry> &entries, uint32_t begin, uint32_t end) {
  std::vector<Id> parts;
  uint32_t last = begin;
  size_t next = firstComment(begin);
  constexpr size_t none = SIZE_MAX;
  size_t docs = none; // where the `##` lines above the next entry start
  auto startLine = [&](uint32_t place) {
    if (!parts.empty())
      parts.push_back(layout.hardLine());
    if (!parts.empty() && hasSource() && newlines(last, place) > 1)
      parts.push_back(layout.hardLine());
  };
  auto commentsBefore = [&](uint32_t place) {
    for (; isComment(next, place); ++next) {
      if (written[next])
        continue;
      const Comment &comment = (*comments)[next];
      startLine(comment.range.begin);
      docs = !comment.doc ? none : docs == none ? parts.size() : docs;
      parts.push_back(layout.suffix(comment.text));
      written[next] = true;
      last = comment.range.end;
    }
  };
  for (size_t i = 0; i < entries.size(); ++i) {
    const Entry &entry = entries[i];
    docs = none;
    commentsBefore(entry.begin);
    Id id = entry.build();
    // A comment inside that no block took goes above, also above the `##` lines: it speaks of what comes.
    std::vector<Id> above;
    for (; isComment(next, entry.end); ++next) {
      if (written[next])
        continue;
      above.push_back(layout.suffix((*comments)[next].text));
      above.push_back(layout.hardLine());
      written[next] = true;
    }
    if (docs != none)
      parts.insert(parts.begin() + ptrdiff_t(docs), above.begin(), above.end());
    startLine(entry.begin);
    if (docs == none)
      parts.insert(parts.end(), above.begin(), above.end());
    last = entry.end;
    uint32_t following = i + 1 < entries.size() ? entries[i + 1].begin : end;
    if (isComment(next, following) && (*comments)[next].trailing &&
        newlines(entry.end, (*comments)[next].range.begin) == 0) {
      const Comment &comment = (*comments)[next];
      id = words({id, layout.suffix("  " + comment.text)});
      written[next++] = true;
      last = comment.range.end;
    }
    parts.push_back(id);
  }
  commentsBefore(end);
  return layout.concat(std::move(parts));
}

Printer::Id Printer::braces(const std::vector<Entry> &entries, uint32_t begin, uint32_t end) {
  Id open = text("{");
  uint32_t from = begin;
  uint32_t first = entries.empty() ? end : entries.front().begin;
  size_t next = firstComment(begin);
  if (isComment(next, first) && newlines(begin, (*comments)[next].range.begin) == 0) {
    const Comment &comment = (*comments)[next];
    open = words({open, layout.suffix("  " + comment.text)});
    written[next] = true;
    from = comment.range.end;
  }
  Id inside = sequence(entries, from, end);
  return layout.broken(words({open, layout.nest(words({layout.hardLine(), inside})), layout.hardLine(), text("}")}));
}

/// block = "{" { stmt SEP } "}": on one line if the author has it so, or in a tree without a source if it has one
/// statement.
Printer::Id Printer::block(const Block &node) {
  bool severalLines =
      hasSource() ? newlines(node.range.begin, node.range.end) > 0 : node.statements.size() > 1 && !oneLine;
  if (node.statements.empty() && !isComment(firstComment(node.range.begin), node.range.end))
    return text("{}");
  std::vector<Entry> entries;
  if (!severalLines) {
    std::vector<Id> parts;
    for (const StmtPtr &entry : node.statements) {
      parts.push_back(layout.line(parts.empty() ? " " : "; "));
      parts.push_back(statement(*entry));
    }
    return layout.group(words({text("{"), layout.nest(layout.concat(std::move(parts))), layout.line(" "), text("}")}));
  }
  for (const StmtPtr &entry : node.statements)
    entries.push_back({entry->range.begin, entry->range.end, [this, &entry] { return statement(*entry); }});
  return braces(entries, node.range.begin, node.range.end);
}

Printer::Id Printer::statement(const Stmt &node) {
  switch (node.kind) {
  case Stmt::ForK:
    return loop(llvm::cast<ForStmt>(node));
  case Stmt::WhileK: {
    auto &loop = llvm::cast<WhileStmt>(node);
    return words({text("while "), expr(*loop.condition), text(" "), block(*loop.body)});
  }
  case Stmt::IfK:
    return branch(llvm::cast<IfStmt>(node));
  case Stmt::OnK: {
    auto &on = llvm::cast<OnStmt>(node);
    Id device = text(on.cuda ? "on cuda" : "on cpu");
    if (on.ordinal)
      device = words({device, text("("), expr(*on.ordinal), text(")")});
    return words({device, text(" "), block(*on.body)});
  }
  case Stmt::AssertK:
    return words({text("assert "), expr(*llvm::cast<AssertStmt>(node).condition)});
  case Stmt::YieldK:
    return words({text("yield "), expr(*llvm::cast<YieldStmt>(node).value)});
  case Stmt::ExprK:
    return expr(*llvm::cast<ExprStmt>(node).value);
  case Stmt::AssignK:
    return assignment(llvm::cast<AssignStmt>(node));
  case Stmt::DefineK: {
    auto &define = llvm::cast<DefineStmt>(node);
    Id head = words({text(define.name.text), indices(define.indices), text(" :=")});
    return layout.group(words({head, layout.nest(words({layout.line(" "), expr(*define.value)}))}));
  }
  }
  return text("");
}

Printer::Id Printer::loop(const ForStmt &node) {
  std::string head = "for ";
  for (const Identifier &name : node.names)
    head += (&name == &node.names.front() ? "" : ", ") + name.text;
  Id walked = expr(*node.begin);
  if (node.end)
    walked = words({walked, text(".."), expr(*node.end)});
  return words({text(head + " in "), walked, text(" "), block(*node.body)});
}

Printer::Id Printer::branch(const IfStmt &node) {
  Id head = words({text("if "), expr(*node.condition), text(" "), block(*node.then)});
  if (node.otherwiseIf)
    return words({head, text(" else "), statement(*node.otherwiseIf)});
  return node.otherwise ? words({head, text(" else "), block(*node.otherwise)}) : head;
}

Printer::Id Printer::assignment(const AssignStmt &node) {
  constexpr std::string_view signs[] = {" = ", " += ", " -= ", " *= ", " /= "};
  std::vector<Id> parts;
  for (size_t i = 0; i < node.targets.size(); ++i) {
    if (i > 0)
      parts.push_back(text(", "));
    parts.push_back(expr(*node.targets[i]));
  }
  if (node.trailingComma)
    parts.push_back(text(","));
  parts.push_back(text(signs[node.op]));
  parts.push_back(node.loop ? loop(*node.loop) : expr(*node.value));
  return layout.concat(std::move(parts));
}

} // namespace tds::syntax
