#include "lib/Syntax/PrinterImpl.h"

namespace tds::syntax {

using namespace ast;

std::string Printer::file(const File &node) {
  std::vector<Entry> entries;
  for (const ItemPtr &entry : node.items)
    entries.push_back({entry->range.begin, entry->range.end, [this, &entry] { return item(*entry); }});
  std::string out = render(sequence(entries, 0, uint32_t(source.size())));
  return out.empty() ? out : out + "\n";
}

Printer::Id Printer::item(const Item &node) {
  switch (node.kind) {
  case Item::ImportK:
    return import(llvm::cast<ImportItem>(node));
  case Item::DefK: {
    auto &item = llvm::cast<DefItem>(node);
    return doc(item.doc, def(item));
  }
  case Item::VjpK: {
    auto &item = llvm::cast<VjpItem>(node);
    return words({text("vjp " + item.name.text), params(item.params), body(*item.body)});
  }
  case Item::TypeK: {
    auto &item = llvm::cast<TypeItem>(node);
    std::vector<Id> names;
    for (const Identifier &param : item.params)
      names.push_back(text(param.text));
    Id head =
        words({text("type " + item.name.text), item.params.empty() ? text("") : list("[", std::move(names), "]")});
    return doc(item.doc, words({head, text(" = "), type(*item.type)}));
  }
  case Item::ConstK: {
    auto &item = llvm::cast<ConstItem>(node);
    return words({text((item.isArg ? "arg " : "const ") + item.name.text + " = "), expr(*item.value)});
  }
  case Item::TestK: {
    auto &item = llvm::cast<TestItem>(node);
    return words({text("test \"" + quoted(item.name) + "\" "), block(*item.body)});
  }
  case Item::StmtK:
    return statement(*llvm::cast<StmtItem>(node).statement);
  }
  return text("");
}

Printer::Id Printer::import(const ImportItem &node) {
  if (node.path)
    return text("import \"" + quoted(*node.path) + "\" as " + node.alias.text);
  std::string names;
  for (const Identifier &module : node.modules)
    names += (names.empty() ? "" : ", ") + module.text;
  return text("import " + names);
}

/// From a source the doc is written with the comments.
Printer::Id Printer::doc(const std::string &doc, Id item) {
  if (hasSource() || doc.empty())
    return item;
  std::vector<Id> parts;
  for (size_t at = 0; at <= doc.size();) {
    size_t end = std::min(doc.find('\n', at), doc.size());
    parts.push_back(text(at == end ? "##" : "## " + doc.substr(at, end - at)));
    parts.push_back(layout.hardLine());
    at = end + 1;
  }
  parts.push_back(item);
  return layout.concat(std::move(parts));
}

Printer::Id Printer::def(const DefItem &node) {
  std::string head = node.isExtern ? (node.cuda ? "extern cuda def " : "extern def ") : "def ";
  Id signature = words({text(head + node.name.text), params(node.params)});
  if (node.library)
    signature = layout.concat({text("@library"), layout.hardLine(), signature});
  if (node.result)
    signature = words({signature, text(" -> "), type(*node.result)});
  if (node.body)
    return words({signature, body(*node.body)});
  return node.raw.empty() ? signature : words({signature, text(" = \"\"\"" + node.raw + "\"\"\"")});
}

Printer::Id Printer::body(const Expr &node) {
  if (llvm::isa<Block>(node))
    return words({text(" "), expr(node)});
  return layout.group(words({text(" ="), layout.nest(words({layout.line(" "), expr(node)}))}));
}

Printer::Id Printer::params(const std::vector<Param> &params) {
  std::vector<Id> parts;
  for (const Param &param : params) {
    Id part = text(param.name.text);
    if (param.type)
      part = words({part, text(": "), type(*param.type)});
    if (param.initial)
      part = words({part, text(param.type ? " = " : "="), expr(*param.initial)});
    parts.push_back(part);
  }
  return list("(", std::move(parts), ")");
}

Printer::Id Printer::type(const Type &node) {
  std::vector<Id> parts;
  switch (node.kind) {
  case Type::named:
    parts.push_back(text((node.module.empty() ? "" : node.module + ".") + node.name.text));
    break;
  case Type::record:
    parts.push_back(record(node));
    break;
  case Type::tuple: {
    std::vector<Id> elements;
    for (const auto &element : node.elements)
      elements.push_back(type(*element));
    bool single = elements.size() == 1;
    parts.push_back(list("(", std::move(elements), single ? ",)" : ")"));
    break;
  }
  }
  for (const std::vector<Dim> &suffix : node.suffixes) {
    std::vector<Id> dims;
    for (const Dim &dim : suffix)
      dims.push_back(dim.kind == Dim::size ? expr(*dim.value, Level::sum) : text(dim.kind == Dim::wild ? "_" : "..."));
    parts.push_back(list("[", std::move(dims), "]"));
  }
  return layout.concat(std::move(parts));
}

/// "{" { field ("," | SEP) } "}": fields that share a line in the source share it again if they fit.
Printer::Id Printer::record(const Type &node) {
  if (node.fields.empty() && !isComment(firstComment(node.braces.begin), node.braces.end))
    return text("{}");
  std::vector<Entry> rows;
  for (size_t begin = 0, end = 0; begin < node.fields.size(); begin = end) {
    for (end = begin + 1; end < node.fields.size(); ++end)
      if (hasSource() && newlines(node.fields[end - 1].range.end, node.fields[end].range.begin) > 0)
        break;
    rows.push_back({node.fields[begin].range.begin, node.fields[end - 1].range.end, [this, &node, begin, end] {
                      std::vector<Id> parts;
                      for (size_t i = begin; i < end; ++i) {
                        if (i > begin)
                          parts.push_back(layout.line(", "));
                        parts.push_back(field(node.fields[i]));
                      }
                      return layout.concat(std::move(parts));
                    }});
  }
  uint32_t first = rows.empty() ? node.braces.end : rows.front().begin;
  bool severalLines = hasSource() && newlines(node.braces.begin, first) > 0;
  if (rows.size() < 2 && !severalLines)
    return layout.group(
        words({text("{"), layout.nest(words({layout.line(" "), rows.front().build()})), layout.line(" "), text("}")}));
  for (Entry &row : rows)
    row.build = [this, build = row.build] { return layout.group(build()); };
  return braces(rows, node.braces.begin, node.braces.end);
}

Printer::Id Printer::field(const Field &node) {
  std::vector<Id> parts{text(node.name.text + ": "), type(*node.type)};
  if (node.as)
    parts.push_back(text(" as \"" + quoted(*node.as) + "\""));
  if (node.initial) {
    parts.push_back(text(" = "));
    parts.push_back(expr(*node.initial));
  }
  return layout.concat(std::move(parts));
}

} // namespace tds::syntax

namespace tds {

std::string print(const ast::File &file, const Sources &sources) {
  return syntax::Printer(sources.text(file.id), file.comments).file(file);
}

std::string print(const ast::Expr &expr) {
  syntax::Printer printer;
  return printer.render(printer.expr(expr));
}

std::string print(const ast::Type &type) {
  syntax::Printer printer;
  return printer.render(printer.type(type));
}

} // namespace tds
