# Compile and link options of every target, and ccache.

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  message(FATAL_ERROR "tds is built with clang: ./dev build, or cmake --preset release")
endif()
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g -fno-omit-frame-pointer")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g -fno-omit-frame-pointer")

find_program(TDS_CCACHE ccache)
if(TDS_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${TDS_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TDS_CCACHE})
endif()

# Structures are meant to be initialised by the fields that differ from their defaults.
add_compile_options(-Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers
  -Wno-missing-designated-field-initializers -ffunction-sections -fdata-sections)
# Not CMAKE_POSITION_INDEPENDENT_CODE: it compiles executables with -fPIE, and the precompiled header serves all.
add_compile_options(-fPIC)
# A time stamp in the precompiled header would make each of its users miss in ccache.
add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
# --as-needed first: it drops what Debian's LLVM names without need (libz3).
add_link_options(-fuse-ld=lld -Wl,--as-needed)
if(TDS_STATIC)
  add_link_options(-Wl,--gc-sections -Wl,--icf=all -Wl,-z,pack-relative-relocs -static-libstdc++ -static-libgcc)
endif()
if(TDS_SANITIZERS)
  add_compile_options(-fsanitize=${TDS_SANITIZERS} -fno-sanitize-recover=undefined)
  # UBSan's vptr check wants type information that Debian's libraries keep to themselves.
  add_compile_options(-fno-sanitize=vptr,function)
  add_link_options(-fsanitize=${TDS_SANITIZERS})
endif()
