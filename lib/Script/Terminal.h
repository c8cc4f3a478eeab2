#pragma once
#include "lib/Sema/Module.h"
#include <cstdio>
#include <string>
#include <tds/result.h>

namespace tds::script {

/// Whether colours are shown there and wanted (https://no-color.org).
bool colourful(std::FILE *stream);

/// To standard error, after all that went to standard output.
void complain(const std::string &text);

/// Shows what went wrong; the exit status that goes with it. The second clears the diagnostics.
int report(const Error &error);
int report(sema::Program &program);

} // namespace tds::script
