//===- Origin.h - which derivative an op was made for -----------*- C++ -*-===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Said by an op's location, which every stage keeps, so that a buffer can be told to be saved for the reverse pass.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"

namespace tds {

/// A derivative of a module: they are numbered from 1 in the order in which they are made, inner ones first. 0: none,
/// the op was written.
struct Origin {
  int64_t order = 0;
  bool reverse = false;
};

inline Origin originOf(mlir::Location loc) {
  Origin origin;
  loc->walk([&](mlir::Location inner) {
    auto fused = mlir::dyn_cast<mlir::FusedLoc>(inner);
    auto number = fused ? mlir::dyn_cast_or_null<mlir::IntegerAttr>(fused.getMetadata()) : mlir::IntegerAttr();
    if (number && number.getInt() / 2 > origin.order)
      origin = {number.getInt() / 2, number.getInt() % 2 != 0};
    return mlir::WalkResult::advance();
  });
  return origin;
}

/// The same place, of this origin and no other. A name is kept.
inline mlir::Location withOrigin(mlir::Location loc, Origin origin) {
  if (auto named = mlir::dyn_cast<mlir::NameLoc>(loc))
    return mlir::NameLoc::get(named.getName(), withOrigin(named.getChildLoc(), origin));
  auto fused = mlir::dyn_cast<mlir::FusedLoc>(loc);
  if (fused && fused.getMetadata() && mlir::isa<mlir::IntegerAttr>(fused.getMetadata()))
    return withOrigin(fused.getLocations().front(), origin);
  mlir::MLIRContext *context = loc.getContext();
  auto number = mlir::IntegerAttr::get(mlir::IntegerType::get(context, 64), origin.order * 2 + origin.reverse);
  return mlir::FusedLoc::get(context, {loc}, number);
}

} // namespace tds
