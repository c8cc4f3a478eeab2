//===- tds/tools.h - what the command line does -----------------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The verbs of tdslc as functions. Results go to standard output, diagnostics to standard error, in colour if that is a
// terminal. Each returns the exit status of its verb.
//
//===----------------------------------------------------------------------===//
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <tds/engine.h>

namespace tds::tools {

enum Exit : int {
  fine = 0,
  failed = 1,   ///< the program has errors or failed, a test failed, a file is not formatted
  usage = 2,    ///< the command line asks for what there is not
  internal = 3, ///< the compiler's own failure
  interrupted = 130, ///< by Ctrl-C
};

/// "0.1.0".
std::string version();

/// Where tdslc keeps compiled code: $XDG_CACHE_HOME/tds, else ~/.cache/tds; empty without a home.
std::filesystem::path defaultCache();

struct RunOptions {
  Options engine;
  /// What follows the file: `--epochs 50`, `--lr=1e-4`, `--help`.
  std::vector<std::string> arguments;
  /// Says at the end, on standard error, where time went.
  bool time = false;
  /// Says at the end, on standard error, how much of its arena the call with the largest one used.
  bool memory = false;
};

/// Runs the top level of a script. Under `--help` among its arguments, lists its `arg`s instead.
int run(const std::filesystem::path &file, const RunOptions &options);

/// Reads files and checks their defs whose parameters have types, for all sizes.
int check(const std::vector<std::filesystem::path> &files);

/// Runs files and their `test` blocks, with arguments for the script, prints and saves nothing of theirs, and compares each
/// derivative that they evaluate with central differences in f64: a line a place in the source, with the largest relative
/// error of the first evaluations. Fails if one is wrong.
int checkGradients(const std::vector<std::filesystem::path> &files, const std::vector<std::string> &arguments);

/// Runs the `test` blocks of files, each from scratch; the last line is `N passed, N failed`.
int test(const std::vector<std::filesystem::path> &files, const Options &engine);

/// Writes files as the formatter has them; with `checkOnly` names those that differ and changes none.
int format(const std::vector<std::filesystem::path> &files, bool checkOnly);

struct EmitOptions {
  std::string stage = "tds";            ///< ast typed tds grad linalg loops llvm asm ptx source
  std::string target;                   ///< the GPU that the code is for, "sm_90"; empty: this processor
  std::string from;                     ///< of an .mlir file: the stage that it is in
  std::string function;                 ///< a def; may be left out if the file has one alone
  std::string gradient;                 ///< parameters "p" or "w,b" to take the derivative by
  std::map<std::string, int64_t> sizes; ///< others stay open
  uint64_t memoryLimit = 0;             ///< bytes of a call, as in tds::Options
};

/// Prints a def as it is after a stage.
int emit(const std::filesystem::path &file, const EmitOptions &options);

/// What a def became, each contraction a line, and how much memory a call needs besides arguments and results. All
/// sizes must be given.
int explain(const std::filesystem::path &file, const EmitOptions &options);

/// How much memory a call of a def takes and how much it computes, before anything runs: arguments, results, the arena
/// and its largest buffers by line, what is kept for the reverse pass. All sizes must be given.
int plan(const std::filesystem::path &file, const EmitOptions &options);

/// The page of an error code; of all codes a line each if it is empty.
int explain(const std::string &code);

} // namespace tds::tools
