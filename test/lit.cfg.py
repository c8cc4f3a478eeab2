# lit's configuration for test/: what `./dev test` runs besides unit tests and checks.
import os

import lit.formats

config.name = "tds"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".tds", ".test"]
config.excludes = ["Unit", "Functions", "Checks", "Differential", "Inputs", "Programs", "Fuzz", "Gradients", "Memory"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.tds_build, "test")

# LLVM's FileCheck, not and split-file are in no folder of Debian's PATH.
tools = os.pathsep.join([os.path.join(config.tds_build, "bin"), os.path.join(config.llvm_prefix, "bin")])
config.environment["PATH"] = os.pathsep.join([tools, os.environ["PATH"]])
for name in ("HOME", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

config.substitutions += [
    ("%tdslc", os.path.join(config.tds_build, "bin", "tdslc")),
    ("%tds-opt", os.path.join(config.tds_build, "bin", "tds-opt")),
    ("%root", config.tds_root),
    ("%build", config.tds_build),
    ("%python", "python3"),
]

if "TDS_LONG" in os.environ:
    config.available_features.add("long")
if config.tds_sanitizers:
    config.available_features.add("sanitizers")
