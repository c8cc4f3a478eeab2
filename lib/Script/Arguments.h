#pragma once
#include "lib/Sema/Module.h"
#include <string>
#include <vector>

namespace tds::script {

/// An `arg` of a script and what the command line may give for it.
struct Argument {
  std::string name;
  enum Kind : uint8_t { integer, real, truth, text, other } kind;
  std::string initial; ///< as written
  std::string doc;     ///< the comment behind it on its line
};

std::vector<Argument> argumentsOf(sema::Program &program, const sema::Module &module);

/// Gives the program what the command line says: `--lr 1e-4`, `--lr=1e-4`. Empty, or what is wrong.
std::string setArguments(sema::Program &program, const std::vector<Argument> &known,
                         const std::vector<std::string> &given);

/// What `tdslc run FILE --help` shows.
std::string argumentHelp(const std::string &file, const std::vector<Argument> &known);

} // namespace tds::script
