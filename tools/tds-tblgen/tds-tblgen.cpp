//===- tds-tblgen.cpp - what the records of scalar functions make ---------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TableGen/Main.h"
#include "llvm/TableGen/Record.h"

using namespace llvm;

namespace {

/// One record of TdsFunctions.td.
struct Function {
  explicit Function(const Record &record)
      : name(record.getValueAsString("opName")), elements(record.getValueAsDef("elements")),
        result(record.getValueAsDef("resultRule")->getValueAsString("name")), host(record.getValueAsString("host")),
        summary(record.getValueAsString("summary")), example(record.getValueAsString("example")),
        params(record.getValueAsListOfStrings("params")), partials(record.getValueAsListOfStrings("partials")),
        samples(record.getValueAsListOfStrings("samples")), ulp(record.getValueAsInt("ulp")) {}

  bool hasCondition() const { return params.front() == "c"; }
  bool on(int64_t kind) const { return elements->getValueAsInt("mask") & kind; }
  /// Whether a derivative can be other than zero.
  bool isDifferentiable() const { return any_of(partials, [](StringRef p) { return p != "0.0"; }); }
  /// `NAME p, NAME q`: the parameters, each with its type.
  std::string typedParams(StringRef type) const {
    std::string text;
    for (StringRef p : params)
      text += ((text.empty() ? "" : ", ") + ("[[maybe_unused]] " + (p == "c" ? "bool" : type)) + " " + p).str();
    return text;
  }

  StringRef name;
  const Record *elements;
  StringRef result, host, summary, example;
  std::vector<StringRef> params, partials, samples;
  int64_t ulp;
};

enum class Action { Table, Docs, Tests, Samples };
cl::opt<Action> action(cl::values(clEnumValN(Action::Table, "gen-function-table", "Sema's table of functions"),
                                  clEnumValN(Action::Docs, "gen-function-docs", "docs/functions.md"),
                                  clEnumValN(Action::Tests, "gen-function-tests", "rules over plain numbers"),
                                  clEnumValN(Action::Samples, "gen-function-samples", "what compiled functions are held to")));

std::vector<Function> functionsOf(const RecordKeeper &records) {
  std::vector<const Record *> defs(records.getAllDerivedDefinitions("Tds_Function"));
  sort(defs, [](const Record *a, const Record *b) { return a->getID() < b->getID(); }); // the file's order
  std::vector<Function> functions;
  for (const Record *def : defs)
    functions.emplace_back(*def);
  return functions;
}

std::string quoted(StringRef text) {
  std::string result;
  raw_string_ostream os(result);
  os << '"';
  os.write_escaped(text) << '"';
  return result;
}

void emitTable(raw_ostream &os, const std::vector<Function> &functions) {
  os << "// TDS_FUNCTION(name, \"params\", Elements, ResultRule, differentiable, \"summary\", \"example\")\n";
  for (const Function &f : functions)
    os << "TDS_FUNCTION(" << f.name << ", " << quoted(join(f.params, ", ")) << ", "
       << f.elements->getValueAsString("name") << ", " << f.result << ", " << (f.isDifferentiable() ? "true" : "false")
       << ", " << quoted(f.summary) << ", " << quoted(f.example) << ")\n";
  os << "#undef TDS_FUNCTION\n";
}

/// Text in a cell of a table.
std::string cell(StringRef text) {
  std::string result;
  for (char c : text)
    result += c == '|' ? std::string("\\|") : std::string(1, c);
  return result;
}

void emitDocs(raw_ostream &os, const std::vector<Function> &functions) {
  os << "# Scalar functions\n\n"
        "Made by `tds-tblgen` from `dialect/TdsFunctions.td`; edit that file. These work element by element, on operands of one\n"
        "shape after broadcasting. `r` is the result. A derivative by a complex number is that of a holomorphic function; for a\n"
        "real result it is the `p` of `dr = real(p * dx)`. `°` marks what has derivative zero.\n\n"
        "Elements: Real is integers and floating, Analytic floating and complex, Numeric all three.\n\n"
        "| function | of | elements | what | derivative | example |\n| --- | --- | --- | --- | --- | --- |\n";
  for (const Function &f : functions) {
    std::string rules;
    for (auto [param, partial] : zip(f.params, f.partials))
      if (partial != "0.0")
        rules += ((rules.empty() ? "" : ", ") + ("`d/d" + param) + ": " + cell(partial) + "`").str();
    if (f.partials.empty())
      rules = "none";
    os << "| `" << f.name << "`" << (f.isDifferentiable() || f.partials.empty() ? "" : "°") << " | "
       << join(f.params, ", ") << " | " << f.elements->getValueAsString("name") << " | " << cell(f.summary) << " | "
       << (rules.empty() ? "0" : rules) << " | `" << cell(f.example) << "` |\n";
  }
}

/// A function's host value and one function for each partial, as templates over what a derivative may be taken of: double, and
/// complex numbers where it is defined on them. A row says how each partial is tested.
void emitTests(raw_ostream &os, const std::vector<Function> &functions) {
  for (const Function &f : functions) {
    if (!f.on(8) && !f.on(16))
      continue; // integers, bools
    if (f.name == "stop_gradient")
      continue; // its derivative is 0 by definition, not by calculus
    bool real = f.on(8);
    StringRef type = real ? "T" : "Complex";
    std::string head = real ? "template <class T> " : "inline ";
    os << "namespace " << f.name << "_rule {\n"
       << head << "auto value(" << f.typedParams(type) << ") { return " << f.host << "; }\n";
    for (auto [k, partial] : enumerate(f.partials))
      os << head << "auto d" << k << "(" << f.typedParams(type) << ") {\n  [[maybe_unused]] auto r = value("
         << join(f.params, ", ") << ");\n  return " << partial << ";\n}\n";
    os << "}\n";
    for (auto [k, partial] : enumerate(f.partials)) {
      if (f.params[k] == "c")
        continue;
      std::string which = (f.name + ", " + Twine(k) + ", " + Twine(f.params.size())).str();
      if (real && f.result != "ComplexOf")
        os << "TDS_PARTIAL(" << which << ", " << (f.hasCondition() ? 1 : 0) << ", " << f.samples[0] << ", " << f.samples[1]
           << ", " << (f.result == "Bool" ? "true" : "false") << ")\n";
      if (f.result == "ComplexOf")
        os << "TDS_COMPLEX_OF(" << which << ")\n";
      else if (f.on(16) && f.result == "RealOf")
        os << "TDS_REAL_OF(" << which << ")\n";
      else if (f.on(16) && real && f.result == "Same" && f.isDifferentiable() && !f.hasCondition())
        os << "TDS_HOLOMORPHIC(" << which << ")\n"; // `conj` is not
    }
  }
}

void emitSamples(raw_ostream &os, const std::vector<Function> &functions) {
  os << "// TDS_SAMPLES(name, parameters, condition, elements, low, high, ulp)\n";
  for (const Function &f : functions)
    os << "TDS_SAMPLES(" << f.name << ", " << f.params.size() << ", " << (f.hasCondition() ? "true" : "false") << ", "
       << f.elements->getValueAsInt("mask") << ", " << f.samples[0] << ", " << f.samples[1] << ", " << f.ulp << ")\n";
  os << "#undef TDS_SAMPLES\n";
}

bool emit(raw_ostream &os, const RecordKeeper &records) {
  std::vector<Function> functions = functionsOf(records);
  switch (action) {
  case Action::Table: emitTable(os, functions); break;
  case Action::Docs: emitDocs(os, functions); break;
  case Action::Tests: emitTests(os, functions); break;
  case Action::Samples: emitSamples(os, functions); break;
  }
  return false;
}

} // namespace

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv);
  return TableGenMain(argv[0], emit);
}
