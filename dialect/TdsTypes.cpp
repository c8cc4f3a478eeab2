//===- TdsTypes.cpp -------------------------------------------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "dialect/TdsTypes.h"
#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;

namespace tds {

std::optional<int64_t> sizeConstant(StringRef text) {
  int64_t value;
  if (text.getAsInteger(10, value))
    return std::nullopt;
  return value;
}

std::string dimText(RankedTensorType type, unsigned dim) {
  if (!type.isDynamicDim(dim))
    return std::to_string(type.getDimSize(dim));
  if (auto texts = dyn_cast_or_null<ArrayAttr>(type.getEncoding()); texts && dim < texts.size())
    return cast<StringAttr>(texts[dim]).str();
  return "?";
}

SmallVector<std::string> dimTexts(RankedTensorType type) {
  SmallVector<std::string> texts;
  for (unsigned dim = 0; dim < type.getRank(); ++dim)
    texts.push_back(dimText(type, dim));
  return texts;
}

std::optional<int64_t> dimConstant(RankedTensorType type, unsigned dim) {
  if (type.isDynamicDim(dim))
    return std::nullopt;
  return type.getDimSize(dim);
}

RankedTensorType tensorType(ArrayRef<std::string> sizes, Type element) {
  SmallVector<int64_t> shape;
  SmallVector<Attribute> texts;
  bool open = false;
  for (StringRef size : sizes) {
    std::optional<int64_t> number = sizeConstant(size);
    open |= !number;
    shape.push_back(number.value_or(ShapedType::kDynamic));
    texts.push_back(StringAttr::get(element.getContext(), size));
  }
  return RankedTensorType::get(shape, element, open ? ArrayAttr::get(element.getContext(), texts) : Attribute());
}

RankedTensorType scalarType(Type element) { return RankedTensorType::get({}, element); }

RankedTensorType withElement(RankedTensorType type, Type element) {
  return RankedTensorType::get(type.getShape(), element, type.getEncoding());
}

RankedTensorType pickDims(RankedTensorType type, ArrayRef<int64_t> keep) {
  SmallVector<std::string> sizes;
  for (int64_t dim : keep)
    sizes.push_back(dimText(type, dim));
  return tensorType(sizes, type.getElementType());
}

bool isDifferentiable(Type element) { return isa<FloatType, ComplexType>(element); }

} // namespace tds
