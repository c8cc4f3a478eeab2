#pragma once
#include "lib/Sema/Module.h"

namespace tds::script {

/// Reports what no run of a script's statements and tests can mend: a value that nobody uses, a `yield` in a wrong
/// place, `+=` under a subscript. The interpreter takes it for granted that there is none.
void checkStatements(sema::Program &program, const sema::Module &module);

} // namespace tds::script
