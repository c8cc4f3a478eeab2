//===- Load.cpp - an object file's code in memory -------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// JITLink alone, without LLJIT: no target, no platform, no threads, no look into the process's own symbols.
//
//===----------------------------------------------------------------------===//
#include "lib/Codegen/Codegen.h"
#include "llvm/ExecutionEngine/JITLink/JITLinkMemoryManager.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/Core.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"
#include "llvm/ExecutionEngine/Orc/SelfExecutorProcessControl.h"
#include "llvm/Support/MemoryBuffer.h"
using namespace llvm;

namespace tds {

struct LoadedObject::Session {
  explicit Session(std::unique_ptr<orc::SelfExecutorProcessControl> control)
      : session(std::move(control)), layer(session, session.getExecutorProcessControl().getMemMgr()) {}
  ~Session() { cantFail(session.endSession()); }

  orc::ExecutionSession session;
  orc::ObjectLinkingLayer layer;
};

Expected<std::unique_ptr<LoadedObject>> LoadedObject::load(ArrayRef<char> object, StringRef name) {
  auto control = orc::SelfExecutorProcessControl::Create(nullptr, std::make_unique<orc::InPlaceTaskDispatcher>());
  if (!control)
    return control.takeError();
  auto state = std::make_unique<Session>(std::move(*control));
  orc::ExecutionSession &session = state->session;
  std::string reasons; // lookup's own error names what it was asked for only
  session.setErrorReporter([&](Error error) { reasons += toString(std::move(error)) + "; "; });

  orc::JITDylib &library = session.createBareJITDylib("tds");
  orc::SymbolMap symbols;
  for (const tds_symbol *symbol = tds_symbols; symbol->name; ++symbol)
    symbols[session.intern(symbol->name)] = {orc::ExecutorAddr::fromPtr(symbol->address), JITSymbolFlags::Exported};
  if (Error error = library.define(orc::absoluteSymbols(std::move(symbols))))
    return error;
  auto buffer = MemoryBuffer::getMemBufferCopy(StringRef(object.data(), object.size()), "tds.o");
  if (Error error = state->layer.add(library, std::move(buffer)))
    return error;
  auto entry = session.lookup({&library}, session.intern(name));
  session.setErrorReporter([](Error error) { consumeError(std::move(error)); });
  if (!entry)
    return createStringError(reasons + toString(entry.takeError()));
  return std::unique_ptr<LoadedObject>(new LoadedObject(std::move(state), entry->getAddress().toPtr<tds_entry>()));
}

LoadedObject::LoadedObject(std::unique_ptr<Session> session, tds_entry function)
    : session(std::move(session)), function(function) {}
LoadedObject::~LoadedObject() = default;

} // namespace tds
