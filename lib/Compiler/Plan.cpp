// How much memory a call takes, and how a derivative is made to take less.
#include "dialect/Tds.h"
#include "lib/Compiler/Impl.h"
#include "lib/IRGen/IRGen.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InterleavedRange.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;

namespace tds {

/// "f32[64, 128]".
static std::string typeText(ShapedType type) {
  std::string text;
  llvm::raw_string_ostream os(text);
  Type element = type.getElementType();
  if (auto pair = dyn_cast<ComplexType>(element))
    os << (pair.getElementType().isF64() ? "c128" : "c64");
  else if (element.isInteger(1))
    os << "bool";
  else
    os << element;
  if (type.getRank())
    os << llvm::interleaved_array(type.getShape());
  return text;
}

static uint64_t bytesOf(TypeRange types) {
  uint64_t bytes = 0;
  for (Type type : types)
    if (auto tensor = dyn_cast<RankedTensorType>(type); tensor && tensor.hasStaticShape()) {
      Type element = tensor.getElementType();
      auto pair = dyn_cast<ComplexType>(element);
      unsigned bits = pair ? 2 * pair.getElementType().getIntOrFloatBitWidth() : element.getIntOrFloatBitWidth();
      bytes += uint64_t(tensor.getNumElements()) * llvm::divideCeil(bits, 8u);
    }
  return bytes;
}

Result<Compiler::Plan> Compiler::Impl::plan(ModuleOp module, llvm::StringRef after) {
  if (auto done = run(module, after, "grad"); !done)
    return done.takeError();
  Plan out;
  out.work = workOf(module);
  for (auto entry : module.getOps<func::FuncOp>()) {
    out.argumentBytes += bytesOf(entry.getArgumentTypes());
    out.resultBytes += bytesOf(entry.getResultTypes());
  }
  MemoryPlan memory;
  llvm::SaveAndRestore fillIn(options.plan, &memory);
  if (auto done = run(module, "grad", "loops"); !done)
    return done.takeError();
  out.arenaBytes = arenaBytes(module);
  out.moved = memory.moved;
  for (const MemoryPlan::Buffer &buffer : memory.buffers) {
    auto named = dyn_cast<NameLoc>(buffer.where);
    out.buffers.push_back({buffer.bytes, typeText(buffer.type), named ? named.getName().str() : "",
                           rangeOf(buffer.where), buffer.saved, buffer.atPeak});
  }
  llvm::stable_sort(out.buffers, [](const Plan::Buffer &a, const Plan::Buffer &b) { return a.bytes > b.bytes; });
  return out;
}

Result<Compiler::Plan> Compiler::plan(const graph::Function &function, const std::map<std::string, int64_t> &sizes,
                                      const Sources *sources) {
  Collector collector(&impl->context);
  OwningOpRef<ModuleOp> module = generate(impl->context, function, sizes, sources);
  if (!module || failed(verify(*module)))
    return collector.error("irgen");
  auto keep = impl->chooseKeep(*module);
  if (!keep)
    return keep.takeError();
  llvm::SaveAndRestore keeping(impl->options.keep, *keep);
  return impl->plan(*module);
}

/// By how much a call can't stay below its limit, and which lines weigh most.
static Error tooLittle(const Compiler::Plan &least, uint64_t limit) {
  Error e;
  e.code = "E0708";
  e.message = llvm::formatv(
      "a call takes {0} bytes at least, {1} more than the memory limit of {2}: {3} of arguments, {4} of results, "
      "{5} in between",
      least.peak(), least.peak() - limit, limit, least.argumentBytes, least.resultBytes, least.arenaBytes);
  constexpr size_t most = 3;
  for (const Compiler::Plan::Buffer &buffer : least.buffers)
    if (buffer.atPeak && buffer.range.known() && e.notes.size() < most)
      e.notes.push_back({buffer.range, llvm::formatv("{0} bytes for {1} here", buffer.bytes, buffer.type)});
  return e;
}

/// The most that fits: it leaves the least to compute again.
Result<int64_t> Compiler::Impl::chooseKeep(ModuleOp module, llvm::StringRef after) {
  if (!options.memoryLimit)
    return options.keep;
  auto planned = [&](int64_t keep) {
    OwningOpRef<ModuleOp> copy = cast<ModuleOp>(module->clone());
    llvm::SaveAndRestore keeping(options.keep, keep);
    return plan(*copy, after);
  };
  auto all = planned(-1);
  if (!all)
    return all.takeError();
  if (all->peak() <= options.memoryLimit)
    return int64_t(-1);
  // What is saved had better be smaller by what is lacking; then by halves, as long as that helps.
  Plan least = *all;
  uint64_t saved = 0;
  for (const Plan::Buffer &buffer : all->buffers)
    saved += buffer.saved ? buffer.bytes : 0;
  uint64_t lacking = all->peak() - options.memoryLimit;
  constexpr unsigned patience = 4;
  unsigned useless = 0;
  for (uint64_t keep = saved > lacking ? saved - lacking : saved / 16; keep >= 64 && useless < patience; keep /= 2) {
    auto now = planned(int64_t(keep));
    if (!now)
      return now.takeError();
    if (now->peak() <= options.memoryLimit)
      return int64_t(keep);
    useless = now->peak() < least.peak() ? 0 : useless + 1;
    if (now->peak() < least.peak())
      least = *now;
  }
  return tooLittle(least, options.memoryLimit);
}

Result<std::monostate> Compiler::Impl::runWithin(ModuleOp module, llvm::StringRef after, llvm::StringRef last) {
  if (last == "tds")
    return run(module, after, last);
  auto keep = chooseKeep(module, after);
  if (!keep)
    return keep.takeError();
  llvm::SaveAndRestore keeping(options.keep, *keep);
  return run(module, after, last);
}

} // namespace tds
