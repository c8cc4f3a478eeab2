//===- Retarget.cpp - a kernel's LLVM IR for the processor ----------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "test/Simt/Retarget.h"
#include "test/Simt/Emulator.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace tds::simt {
namespace {

constexpr unsigned sharedSpace = 3;

class Retargeter {
public:
  explicit Retargeter(Module &module) : module(module), context(module.getContext()) {}

  std::string run(KernelModule &out) {
    for (Function &function : module)
      if (function.getCallingConv() == CallingConv::PTX_Kernel)
        out.kernels.push_back(function.getName().str());
    for (Function &function : module) {
      function.setCallingConv(CallingConv::C);
      function.removeFnAttr("target-cpu");
      function.removeFnAttr("target-features");
      for (BasicBlock &block : function)
        for (Instruction &instruction : make_early_inc_range(block))
          visit(instruction);
    }
    if (!unknown.empty())
      return unknown;
    for (GlobalVariable &variable : module.globals())
      if (variable.getAddressSpace() == sharedSpace) {
        variable.setLinkage(GlobalValue::ExternalLinkage);
        variable.setInitializer(Constant::getNullValue(variable.getValueType()));
        variable.setAlignment(Align(128));
        out.shared.push_back(
            {variable.getName().str(), module.getDataLayout().getTypeAllocSize(variable.getValueType())});
      }
    for (const std::string &name : out.kernels)
      addThunk(*module.getFunction(name));
    return {};
  }

private:
  FunctionCallee shim(StringRef name, Type *result, ArrayRef<Type *> parameters) {
    return module.getOrInsertFunction(name, FunctionType::get(result, parameters, false));
  }

  void visit(Instruction &instruction) {
    if (auto *load = dyn_cast<LoadInst>(&instruction))
      watch(instruction, load->getPointerOperand(), load->getType(), false);
    else if (auto *store = dyn_cast<StoreInst>(&instruction))
      watch(instruction, store->getPointerOperand(), store->getValueOperand()->getType(), true);
    else if (auto *call = dyn_cast<CallInst>(&instruction))
      replace(*call);
  }

  /// Arithmetic that the emulator computes: libdevice's.
  static bool isArithmetic(StringRef name) {
    std::string symbol = ("tds_simt_" + name).str();
    for (const Shim *shim = shims; shim->name; ++shim)
      if (symbol == shim->name)
        return true;
    return false;
  }

  /// Tells the race detector of an access to shared memory.
  void watch(Instruction &before, Value *address, Type *type, bool writes) {
    if (address->getType()->getPointerAddressSpace() != sharedSpace)
      return;
    IRBuilder<> b(&before);
    Type *pointer = b.getPtrTy(), *i32 = b.getInt32Ty();
    b.CreateCall(shim("tds_simt_access", b.getVoidTy(), {pointer, i32, i32}),
                 {b.CreateAddrSpaceCast(address, pointer),
                  b.getInt32(uint32_t(module.getDataLayout().getTypeStoreSize(type))), b.getInt32(writes)});
  }

  void replace(CallInst &call) {
    if (auto *assembly = dyn_cast<InlineAsm>(call.getCalledOperand())) {
      if (Value *result = compute(call, assembly->getAsmString())) {
        call.replaceAllUsesWith(result);
        call.eraseFromParent();
        return;
      }
      return refuse("the assembly `" + assembly->getAsmString().str() + "`");
    }
    Function *callee = call.getCalledFunction();
    if (!callee || !callee->getName().starts_with("llvm.nvvm."))
      return;
    StringRef name = callee->getName().drop_front(StringRef("llvm.nvvm.").size());
    IRBuilder<> b(&call);
    Type *i32 = b.getInt32Ty();
    Value *result = nullptr;
    if (name == "read.ptx.sreg.tid.x")
      result = b.CreateCall(shim("tds_simt_tid", i32, {}));
    else if (name == "read.ptx.sreg.ctaid.x")
      result = b.CreateCall(shim("tds_simt_ctaid", i32, {}));
    else if (name.starts_with("barrier")) {
      if (barriers++ != leftOut)
        b.CreateCall(shim("tds_simt_barrier", b.getVoidTy(), {}));
    } else if (name.starts_with("fabs"))
      result = b.CreateUnaryIntrinsic(Intrinsic::fabs, call.getArgOperand(0));
    else if (isArithmetic(name)) {
      std::string symbol = ("tds_simt_" + name).str();
      result = b.CreateCall(module.getOrInsertFunction(symbol, callee->getFunctionType()),
                            SmallVector<Value *>(call.args()));
    } else
      return refuse("the intrinsic `" + callee->getName().str() + "`");
    if (result)
      call.replaceAllUsesWith(result);
    call.eraseFromParent();
  }

  /// What libdevice writes in assembly: arithmetic of two words, told by its first instructions.
  Value *compute(CallInst &call, StringRef text) {
    IRBuilder<> b(&call);
    auto argument = [&](unsigned i) { return call.getArgOperand(i); };
    text = text.ltrim("{\n\t ");
    if (text.starts_with("rcp.approx"))
      return b.CreateFDiv(ConstantFP::get(call.getType(), 1), argument(0));
    if (text.starts_with("rsqrt.approx"))
      return b.CreateFDiv(ConstantFP::get(call.getType(), 1), b.CreateUnaryIntrinsic(Intrinsic::sqrt, argument(0)));
    if (text.starts_with("sub.rn"))
      return b.CreateFSub(argument(0), argument(1));
    auto pairs = dyn_cast<StructType>(call.getType());
    if (!pairs)
      return nullptr;
    auto *word = cast<IntegerType>(pairs->getElementType(0));
    Type *wide = b.getIntNTy(2 * word->getBitWidth());
    auto extend = [&](unsigned i) { return b.CreateZExt(argument(i), wide); };
    auto join = [&](unsigned low) {
      return b.CreateOr(extend(low), b.CreateShl(extend(low + 1), word->getBitWidth()));
    };
    Value *result = nullptr;
    if (text.starts_with("mad.lo.cc") || (text.contains("mad.lo.cc.u32   r0") && call.arg_size() == 3))
      result = b.CreateAdd(b.CreateMul(extend(0), extend(1)), extend(2));
    else if (text.contains("mul.lo.u32") && call.arg_size() == 2)
      result = b.CreateMul(extend(0), extend(1));
    else if (text.contains("sub.cc.u32") && call.arg_size() == 4)
      result = b.CreateSub(join(0), join(2));
    else if (text.contains("add.cc.u32") && call.arg_size() == 4)
      result = b.CreateAdd(join(0), join(2));
    else
      return nullptr;
    Value *parts = b.CreateInsertValue(PoisonValue::get(pairs), b.CreateTrunc(result, word), 0);
    return b.CreateInsertValue(parts, b.CreateTrunc(b.CreateLShr(result, word->getBitWidth()), word), 1);
  }

  /// tds_simt_NAME(parameters): NAME(*parameters[0], ...), as a launch passes them
  void addThunk(Function &kernel) {
    Type *pointer = PointerType::get(context, 0);
    auto *thunk = Function::Create(FunctionType::get(Type::getVoidTy(context), {pointer}, false),
                                   GlobalValue::ExternalLinkage, "tds_simt_" + kernel.getName(), module);
    IRBuilder<> b(BasicBlock::Create(context, "", thunk));
    SmallVector<Value *> arguments;
    for (Argument &argument : kernel.args()) {
      Value *slot = b.CreateLoad(pointer, b.CreateConstGEP1_32(pointer, thunk->getArg(0), argument.getArgNo()));
      arguments.push_back(b.CreateLoad(argument.getType(), slot));
    }
    b.CreateCall(&kernel, arguments);
    b.CreateRetVoid();
  }

  void refuse(std::string what) {
    if (unknown.empty())
      unknown = "the emulator does not know " + what;
  }

  Module &module;
  LLVMContext &context;
  std::string unknown;
  int barriers = 0;
  const int leftOut = std::getenv("TDS_SIMT_WITHOUT_BARRIER") ? std::atoi(std::getenv("TDS_SIMT_WITHOUT_BARRIER")) : -1;
};

} // namespace

std::string retarget(Module &module, KernelModule &out) { return Retargeter(module).run(out); }

} // namespace tds::simt
