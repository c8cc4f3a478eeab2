# pocketfft (BSD-3-Clause), one header, which runtime/cpu/Fourier.cpp includes: tds_pocketfft.
# Debian 12 has it inside python3-pythran alone, whose dependencies (Boost, NumPy, ...) are of no use here: the package is
# fetched and opened, not installed. Elsewhere TDS_POCKETFFT names the folder of upstream's header.

set(TDS_POCKETFFT "" CACHE PATH "folder of pocketfft_hdronly.h; empty: that of Debian 12's python3-pythran is fetched")

function(tds_fetch_pocketfft header)
  set(package python3-pythran=0.11.0+ds-7)
  set(sha256 39d2ff25440a5b8d12713402c85bf42bf5609f2ae6b0339228d87988dbf3facb)
  string(RANDOM suffix) # two builds may come here at one time
  set(work ${header}.${suffix})
  file(MAKE_DIRECTORY ${work})
  execute_process(COMMAND apt-get download ${package} WORKING_DIRECTORY ${work} OUTPUT_QUIET ERROR_VARIABLE said)
  file(GLOB archive ${work}/*.deb)
  if(archive)
    execute_process(COMMAND dpkg-deb -x ${archive} ${work}/files ERROR_VARIABLE said)
  endif()
  set(found ${work}/files/usr/lib/python3/dist-packages/pythran/pythonic/numpy/fft/pocketfft.hpp)
  set(sum missing)
  if(EXISTS ${found})
    file(SHA256 ${found} sum)
  endif()
  if(sum STREQUAL sha256)
    file(RENAME ${found} ${header})
  endif()
  file(REMOVE_RECURSE ${work})
  if(NOT EXISTS ${header})
    message(FATAL_ERROR "no pocketfft: `apt-get download ${package}` gave none (sha256 ${sum}); run `apt-get update`, or set "
      "TDS_POCKETFFT to a folder that has pocketfft_hdronly.h. apt-get and dpkg-deb said: ${said}")
  endif()
endfunction()

set(folder ${TDS_POCKETFFT})
if(NOT folder)
  set(folder ${CMAKE_SOURCE_DIR}/build/pocketfft) # one for all presets
  if(NOT EXISTS ${folder}/pocketfft_hdronly.h)
    tds_fetch_pocketfft(${folder}/pocketfft_hdronly.h)
  endif()
endif()
if(NOT EXISTS ${folder}/pocketfft_hdronly.h)
  message(FATAL_ERROR "there is no ${folder}/pocketfft_hdronly.h (TDS_POCKETFFT)")
endif()
add_library(tds_pocketfft INTERFACE)
target_include_directories(tds_pocketfft SYSTEM INTERFACE ${folder})
