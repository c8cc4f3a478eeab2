# Finds LLVM and MLIR 22 and defines what the rest links:
#   tds_llvm   LLVM's headers and Support (lib/, dialect/, tools/)
#   tds_mlir   MLIR's headers and the dialects, conversions and targets in use
# TDS_STATIC chooses the archives or libMLIR.so and libLLVM.so: never both, a process with both dies at start.

find_program(TDS_LLVM_CONFIG NAMES llvm-config-22 REQUIRED)
execute_process(COMMAND ${TDS_LLVM_CONFIG} --prefix OUTPUT_VARIABLE TDS_LLVM_PREFIX OUTPUT_STRIP_TRAILING_WHITESPACE
                COMMAND_ERROR_IS_FATAL ANY)
list(PREPEND CMAKE_PREFIX_PATH ${TDS_LLVM_PREFIX})
find_package(MLIR REQUIRED CONFIG PATHS ${TDS_LLVM_PREFIX} NO_DEFAULT_PATH)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
set(LLVM_TABLEGEN_FLAGS -I${TDS_LLVM_PREFIX}/include -I${CMAKE_SOURCE_DIR}) # of every mlir_tablegen
set(LLVM_LINK_LLVM_DYLIB OFF)
include(TableGen)
include(AddLLVM)
include(AddMLIR)

separate_arguments(llvm_definitions NATIVE_COMMAND ${LLVM_DEFINITIONS})
add_library(tds_llvm INTERFACE)
target_include_directories(tds_llvm SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})
target_compile_definitions(tds_llvm INTERFACE ${llvm_definitions})
add_library(tds_mlir INTERFACE)
target_link_libraries(tds_mlir INTERFACE tds_llvm)

if(NOT TDS_STATIC)
  target_link_libraries(tds_llvm INTERFACE LLVM)
  target_link_libraries(tds_mlir INTERFACE MLIR)
  return()
endif()

# Debian's MLIRTargets.cmake gives every archive the shared LLVM as its link interface (MLIRExecutionEngine the shared
# MLIR too): put the static components in use in its place.
llvm_map_components_to_libnames(llvm_libraries
  core support passes orcjit X86 NVPTX executionengine linker ipo targetparser bitreader bitwriter)
add_library(tds_llvm_static INTERFACE)
target_link_libraries(tds_llvm_static INTERFACE ${llvm_libraries})
get_property(mlir_libraries GLOBAL PROPERTY MLIR_ALL_LIBS)
foreach(library IN LISTS mlir_libraries)
  if(TARGET ${library})
    get_target_property(interface ${library} INTERFACE_LINK_LIBRARIES)
    if(interface)
      list(TRANSFORM interface REPLACE "^LLVM$" tds_llvm_static)
      list(REMOVE_ITEM interface MLIR)
      set_target_properties(${library} PROPERTIES INTERFACE_LINK_LIBRARIES "${interface}")
    endif()
  endif()
endforeach()

target_link_libraries(tds_llvm INTERFACE LLVMSupport)
target_link_libraries(tds_mlir INTERFACE
  # dialects
  MLIRAffineDialect MLIRArithDialect MLIRBufferizationDialect MLIRControlFlowDialect MLIRFuncDialect MLIRIndexDialect
  MLIRLLVMDialect MLIRLinalgDialect MLIRMathDialect MLIRMemRefDialect MLIRSCFDialect MLIRTensorDialect MLIRUBDialect
  MLIRVectorDialect
  # analyses, interfaces, transforms
  MLIRAffineTransforms MLIRAffineUtils MLIRAnalysis MLIRArithTransforms MLIRArithUtils
  MLIRArithValueBoundsOpInterfaceImpl MLIRBufferizationPipelines MLIRBufferizationTransforms MLIRControlFlowTransforms
  MLIRFuncAllExtensions MLIRFuncTransforms MLIRLinalgTransforms MLIRLinalgUtils MLIRMathTransforms MLIRMemRefTransforms
  MLIRMemRefUtils MLIRRewrite MLIRSCFTransforms MLIRSCFUtils MLIRTensorAllExtensions
  MLIRTensorInferTypeOpInterfaceImpl MLIRTensorTilingInterfaceImpl MLIRTensorTransforms MLIRTensorUtils
  MLIRTransformUtils MLIRTransforms MLIRVectorTransforms MLIRVectorUtils
  # conversions
  MLIRAffineToStandard MLIRArithAttrToLLVMConversion MLIRArithToLLVM MLIRBufferizationToMemRef MLIRControlFlowToLLVM
  MLIRConvertToLLVMPass MLIRFuncToLLVM MLIRIndexToLLVM MLIRLLVMCommonConversion MLIRLinalgToStandard MLIRMathToLLVM
  MLIRMathToLibm MLIRMemRefToLLVM MLIRReconcileUnrealizedCasts MLIRSCFToControlFlow MLIRTensorToLinalg MLIRUBToLLVM
  MLIRVectorToLLVM MLIRVectorToLLVMPass MLIRVectorToSCF
  # reading, printing, tools
  MLIRAsmParser MLIRDebug MLIRIR MLIRParser MLIRPass MLIROptLib MLIRPluginsLib MLIRBytecodeWriter MLIRRemarkStreamer MLIRSupport
  # to LLVM IR and machine code
  MLIRBuiltinToLLVMIRTranslation MLIRLLVMIRTransforms MLIRLLVMToLLVMIRTranslation MLIRTargetLLVMIRExport
  tds_llvm_static)
