#!/usr/bin/env bash
# The layers hold; and the check that says so finds each kind of breach planted in a tree of its own.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
check=$root/test/layers/check.py

python3 "$check" "$root"

trap 'rm -rf "$planted"' EXIT
planted=$(mktemp -d)

# plant FILE LINE: a tree with that file alone
plant() {
  rm -rf "${planted:?}"/*
  mkdir -p "$planted/$(dirname "$1")"
  printf '%s\n' "$2" >"$planted/$1"
}
refused() {
  plant "$@"
  if output=$(python3 "$check" "$planted"); then
    echo "not refused: '$2' in $1: $output"
    exit 1
  fi
}
accepted() {
  plant "$@"
  output=$(python3 "$check" "$planted") || { echo "refused: '$2' in $1: $output"; exit 1; }
}

refused lib/Support/A.cpp '#include "lib/Syntax/Ast.h"'         # upwards
refused lib/Shape/A.h '#include "lib/Syntax/Ast.h"'             # sideways
refused lib/Syntax/A.h '#include "mlir/IR/Builders.h"'          # MLIR below the dialect
refused lib/Syntax/A.h '#include "../Sema/Types.h"'             # a path that hides its module
refused lib/Sema/A.cpp '  #  include "dialect/Tds.h"'
refused lib/Sema/A.cpp '#include "runtime/Files.h"'
refused dialect/A.td 'include "lib/Sema/Types.td"'              # lower, but not the dialect's
refused lib/Autodiff/Sub/A.cpp '#include "lib/IRGen/IRGen.h"'
refused lib/Codegen/Cpu/A.cpp '#include "dialect/Tds.h"'
refused lib/Engine/A.cpp '#include "lib/Script/Value.h"'
refused runtime/cpu/A.cpp '#include "lib/Support/Source.h"'
refused runtime/A.cpp '#include "llvm/ADT/SmallVector.h"'
refused runtime/abi/abi.h '#include "runtime/cpu/Pool.h"'
refused include/tds/tensor.h '#include "runtime/Random.h"'
refused include/tds/tensor.h '#include <tds/../../lib/Support/Source.h>'
refused lib/Codegen/CMakeLists.txt 'tds_library(TdsCodegen MLIR SOURCES A.cpp LINK TdsSupport TdsDialect)'
refused runtime/CMakeLists.txt 'tds_library(TdsRuntime SOURCES A.cpp LINK TdsSupport)'

accepted lib/Sema/A.cpp '#include "lib/Std/Std.h"'
accepted lib/Syntax/A.cpp '#include "Lexer.h"'
accepted lib/Conversion/A.cpp '#include "dialect/TdsOps.h.inc"'
accepted lib/Codegen/A.cpp '#include "runtime/abi/abi.h"'
accepted lib/Engine/A.cpp '#include "runtime/Device.h"'
accepted runtime/cpu/A.cpp '#include <tds/tensor.h>'
accepted include/tds/tensor.h '#include <tds/result.h>'
accepted lib/Codegen/CMakeLists.txt 'tds_library(TdsCodegen MLIR SOURCES A.cpp LINK TdsRuntime)'
accepted lib/Autodiff/CMakeLists.txt 'tds_library(TdsAutodiff MLIR SOURCES A.cpp LINK TdsDialect)'
