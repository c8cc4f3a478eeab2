//===- Source.cpp - a def, its parameters and its results -----------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "lib/Source/Source.h"
#include "lib/Source/SourcePrinter.h"
#include "lib/Syntax/Parser.h"
#include "lib/Syntax/Printer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace tds;
using namespace tds::source;

namespace {
/// Leaves by their paths: `p.w`, `p.b` are a record p, `0`, `1` are a tuple.
struct Tree {
  struct Part {
    std::string name;
    Tree *tree;
  };
  std::optional<unsigned> leaf;
  std::vector<std::pair<std::string, std::unique_ptr<Tree>>> parts;

  Tree &at(StringRef name) {
    for (auto &[known, tree] : parts)
      if (known == name)
        return *tree;
    return *parts.emplace_back(name.str(), std::make_unique<Tree>()).second;
  }
  void add(StringRef path, unsigned index) {
    Tree *tree = this;
    for (StringRef name : llvm::split(path, '.'))
      if (!name.empty())
        tree = &tree->at(name);
    tree->leaf = index;
  }
  bool isTuple() const { return !parts.empty() && llvm::isDigit(parts[0].first[0]); }

  /// Of each leaf a text, put together: `{w: A, b: B}` with separator ": ", `(w=a, b=b)` with "=".
  std::string join(llvm::function_ref<std::string(unsigned)> text, StringRef open, StringRef separator,
                   StringRef end) const {
    if (leaf)
      return text(*leaf);
    std::string joined(isTuple() ? "(" : open);
    for (auto &[name, tree] : parts) {
      if (&name != &parts[0].first)
        joined += ", ";
      joined += (isTuple() ? "" : name + separator.str()) + tree->join(text, open, separator, end);
    }
    return joined + (parts.size() == 1 && isTuple() ? ",)" : isTuple() ? ")" : end.str());
  }
};
} // namespace

std::string source::elementName(Type element) {
  if (auto complex = dyn_cast<ComplexType>(element))
    return complex.getElementType().isF32() ? "c64" : "c128";
  if (element.isInteger(1))
    return "bool";
  if (element.isUnsignedInteger(64))
    return "key";
  if (element.isUnsignedInteger(8))
    return "u8";
  if (element.isBF16())
    return "bf16";
  return (isa<FloatType>(element) ? "f" : "i") + std::to_string(element.getIntOrFloatBitWidth());
}

std::string source::bracket(ArrayRef<std::string> parts) { return "[" + llvm::join(parts, ", ") + "]"; }

Dim source::sizeOf(StringRef text) {
  std::optional<Dim> dim = Dim::parse({text.data(), text.size()});
  return dim ? *dim : Dim::name(text.str());
}

static std::string typeText(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  std::string element = elementName(tensor.getElementType());
  SmallVector<std::string> sizes = dimTexts(tensor);
  return sizes.empty() ? element : element + bracket(sizes);
}

/// Words that a program can't bind, and functions that the printed text may call.
static bool isTaken(StringRef name) {
  static const StringSet<> words = {"and",          "as",     "assert",    "def",         "else",
                                    "extern",       "false",  "for",       "if",          "import",
                                    "in",           "new",    "not",       "or",          "then",
                                    "true",         "while",  "yield",     "sum",         "prod",
                                    "mean",         "max",    "min",       "any",         "all",
                                    "argmax",       "argmin", "logsumexp", "grad",        "value_and_grad",
                                    "jacobian",     "jvp",    "vjp",       "arg",         "const",
                                    "on",           "test",   "type",      "cpu",         "cuda",
                                    "wrap",         "clamp",  "where",     "reshape",     "transpose",
                                    "broadcast_to", "flip",   "zeros",     "ones",        "full",
                                    "arange",       "cumsum", "cumprod",   "scatter_add", "fold_in",
                                    "split",        "sort",   "argsort",   "topk",        "fft",
                                    "ifft",         "rfft",   "irfft",     "cholesky",    "triangular_solve",
                                    "solve",        "inv",    "det",       "key",         "size",
                                    "shape",        "pi",     "inf",       "nan",         "bool",
                                    "i8",           "i16",    "i32",       "i64",         "u8",
                                    "f16",          "bf16",   "f32",       "f64",         "c64",
                                    "c128",         "float",  "int",       "dim"};
  return words.contains(name);
}

std::string SourcePrinter::fresh(StringRef wish) {
  std::string base;
  for (char c : wish)
    base += llvm::isAlnum(c) ? c : '_';
  if (base.empty() || llvm::isDigit(base[0]))
    base = "v" + base;
  std::string name = base;
  MLIRContext *context = function.getContext();
  auto taken = [&] {
    return names.contains(name) || isTaken(name) || RegisteredOperationName::lookup("tds." + name, context);
  };
  for (unsigned i = 2; taken(); ++i)
    name = base + "_" + std::to_string(i);
  names.insert(name);
  return name;
}

/// `d_kept_`, and what stands behind it.
static std::pair<StringRef, StringRef> partLabel(StringRef label) {
  StringRef rest = label;
  while (rest.consume_front("d_") || rest.consume_front("kept_"))
    ;
  return {label.drop_back(rest.size()), rest};
}

/// `d_p.w1` is called `d_w1`.
std::string SourcePrinter::nameOf(Value v) {
  auto loc = dyn_cast<NameLoc>(v.getLoc());
  if (!loc) {
    std::string name;
    do
      name = "t" + std::to_string(++temporaries);
    while (names.contains(name));
    return fresh(name);
  }
  auto [prefix, label] = partLabel(loc.getName().getValue());
  auto [front, last] = label.rsplit('.');
  if (last.empty())
    return fresh((prefix + label).str());
  // `p.ln1.g` beside `p.ln2.g` is `ln1_g`.
  if (labels[last].size() > 1 && front.contains('.'))
    return fresh((prefix + front.rsplit('.').second + "_" + last).str());
  return fresh((prefix + last).str());
}

void SourcePrinter::findLabels() {
  auto add = [&](Value v) {
    if (auto loc = dyn_cast<NameLoc>(v.getLoc())) {
      StringRef label = partLabel(loc.getName().getValue()).second;
      labels[label.rsplit('.').second].insert(label);
    }
  };
  llvm::for_each(function.getArguments(), add);
  function.walk([&](Operation *op) {
    llvm::for_each(op->getResults(), add);
    for (Region &region : op->getRegions())
      llvm::for_each(region.getArguments(), add);
  });
}

Text SourcePrinter::refuse(Operation *op, const Twine &why) {
  if (ok) {
    InFlightDiagnostic diagnostic = op->emitError() << "`" << op->getName() << "` can't be written as TDS";
    if (!why.isTriviallyEmpty())
      diagnostic << ": " << why;
  }
  ok = false;
  return {};
}

std::string SourcePrinter::parameters() {
  Tree root;
  for (BlockArgument argument : function.getArguments()) {
    unsigned i = argument.getArgNumber();
    auto name = function.getArgAttrOfType<StringAttr>(i, "tds.name");
    root.add(name ? name.str() : "x" + std::to_string(i), i);
  }
  std::vector<std::string> texts;
  for (auto &[name, tree] : root.parts) {
    if (isTaken(name) || RegisteredOperationName::lookup("tds." + name, function.getContext())) {
      function.emitError() << "can't be written as TDS: its parameter `" << name << "` hides a function of that name";
      ok = false;
    }
    names.insert(name);
    texts.push_back(name + ": " +
                    tree->join([&](unsigned i) { return typeText(function.getArgumentTypes()[i]); }, "{", ": ", "}"));
  }
  // Values of the leaves; a tuple is taken apart by an assignment.
  auto spread = [&](auto &self, const Tree &tree, const std::string &text) -> void {
    if (tree.leaf) {
      auto type = cast<RankedTensorType>(function.getArgumentTypes()[*tree.leaf]);
      SmallVector<std::string> sizes = dimTexts(type);
      values[function.getArgument(*tree.leaf)] = {text, {sizes.begin(), sizes.end()}, false, true};
      return;
    }
    std::vector<std::string> targets;
    for (auto &[name, part] : tree.parts) {
      targets.push_back(tree.isTuple() ? fresh(StringRef(text).substr(text.rfind('.') + 1).str() + "_" + name)
                                       : text + "." + name);
    }
    if (tree.isTuple())
      lines.push_back(llvm::join(targets, ", ") + (targets.size() == 1 ? "," : "") + " = " + text);
    for (auto [part, target] : llvm::zip(tree.parts, targets))
      self(self, *part.second, target);
  };
  for (auto &[name, tree] : root.parts)
    spread(spread, *tree, name);
  // Sizes are names too: an index or a value that is called the same would hide them. One that is no dimension of a
  // parameter is a parameter itself.
  std::set<std::string> sizes;
  auto mention = [&](StringRef text) {
    for (const std::string &name : sizeOf(text).names())
      sizes.insert(name);
  };
  auto mentionDims = [&](Type type) {
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      llvm::for_each(dimTexts(tensor), mention);
  };
  llvm::for_each(function.getArgumentTypes(), mentionDims);
  function.walk([&](Operation *op) {
    llvm::for_each(op->getResultTypes(), mentionDims);
    if (auto size = dyn_cast<SizeOp>(op))
      mention(size.getSize());
    if (auto symbols = op->getAttrOfType<ArrayAttr>("symbols"))
      for (Attribute symbol : symbols)
        mention(cast<StringAttr>(symbol).getValue());
  });
  std::set<std::string> free = sizes;
  for (Type type : function.getArgumentTypes())
    for (const std::string &text : dimTexts(cast<RankedTensorType>(type)))
      free.erase(text);
  for (const std::string &name : sizes)
    names.insert(name);
  for (const std::string &name : free)
    texts.push_back(name + ": dim");
  return llvm::join(texts, ", ");
}

std::string SourcePrinter::results(func::ReturnOp op, std::string &type) {
  Tree root;
  bool single = op.getNumOperands() == 1;
  for (unsigned i = 0; i < op.getNumOperands(); ++i) {
    auto name = function.getResultAttrOfType<StringAttr>(i, "tds.name");
    root.add(name ? name.str() : single ? "" : std::to_string(i), i);
  }
  if (root.parts.empty() && !root.leaf) {
    refuse(function, "it has no results");
    return "";
  }
  type = root.join([&](unsigned i) { return typeText(op.getOperandTypes()[i]); }, "{", ": ", "}");
  std::vector<std::string> texts;
  for (Value v : op.getOperands())
    texts.push_back(typed(v).text);
  return root.join([&](unsigned i) { return texts[i]; }, "(", "=", ")");
}

FailureOr<std::string> SourcePrinter::run() {
  if (function.isExternal() || !function.getBody().hasOneBlock()) {
    refuse(function);
    return failure();
  }
  findLabels();
  partSpreads(function);
  std::string head = parameters(), type;
  Block &body = function.getBody().front();
  findNames(body);
  visit(body);
  std::string result = ok ? results(cast<func::ReturnOp>(body.getTerminator()), type) : "";
  if (!ok)
    return failure();
  std::string name;
  for (char c : function.getSymName())
    name += llvm::isAlnum(c) ? c : '_';
  std::string text = "def " + name + "(" + head + ") -> " + type;
  if (lines.empty())
    text += " = " + result + "\n";
  else
    text += " {\n" + llvm::join(lines, "\n") + "\n" + result + "\n}\n";

  // The formatter takes brackets away and breaks lines; that it reads the text is a check of it, too.
  Sources sources;
  uint32_t file = sources.add(name, text);
  Diagnostics diagnostics(sources);
  std::unique_ptr<ast::File> tree = parseFile(file, sources, diagnostics);
  if (diagnostics.hasErrors()) {
    function.emitError() << "was written as TDS that can't be read:\n" << diagnostics.renderAll();
    return failure();
  }
  return print(*tree, sources);
}

FailureOr<std::string> tds::printSource(func::FuncOp function) {
  OwningOpRef<func::FuncOp> copy = function.clone();
  return SourcePrinter(*copy).run();
}

FailureOr<std::string> tds::printSource(ModuleOp module) {
  std::string all;
  for (auto function : module.getOps<func::FuncOp>()) {
    FailureOr<std::string> text = printSource(function);
    if (failed(text))
      return failure();
    all += (all.empty() ? "" : "\n") + *text;
  }
  return all;
}

namespace tds {
#define GEN_PASS_DEF_PRINTTDSSOURCE
#include "lib/Source/Passes.h.inc"
} // namespace tds

namespace {
struct PrintTdsSourcePass : tds::impl::PrintTdsSourceBase<PrintTdsSourcePass> {
  using Base::Base;
  void runOnOperation() override {
    FailureOr<std::string> text = printSource(getOperation());
    if (failed(text))
      return signalPassFailure();
    llvm::outs() << *text;
    markAllAnalysesPreserved();
  }
};
} // namespace
