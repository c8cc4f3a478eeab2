//===- Runtime/TensorTest.cpp - tensors and results ---------------------===//
//
// Part of TDS, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include <tds/tensor.h>

#include <gtest/gtest.h>

using namespace tds;

TEST(Result, RendersRangeNotesAndHelp) {
  Error error{"E0201",
              "inner dimensions differ: 8 and 7",
              {"m.tds", 3, 14, 5},
              {{{"m.tds", 3, 10, 1}, "`f32[4, 8]`"}},
              {"write `w.T`"}};
  EXPECT_EQ(error.render(), "m.tds:3:14: error[E0201]: inner dimensions differ: 8 and 7\n"
                            "m.tds:3:10: note: `f32[4, 8]`\n"
                            "help: write `w.T`\n");
  EXPECT_EQ((Error{"", "lost", {}, {}, {}}).render(), "error: lost\n");
}

TEST(Result, MovesItsValueOut) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  ASSERT_TRUE(result);
  EXPECT_EQ(*result.take(), 7);
  const Result<std::string> text = std::string("a");
  EXPECT_EQ(*text + std::to_string(text->size()), "a1");
}

TEST(Tensor, ElementNamesAreReadBack) {
  for (int i = 0; i < numElements; ++i)
    EXPECT_EQ(elementNamed(elementName(Element(i))), Element(i));
  EXPECT_EQ(elementNamed("float"), std::nullopt);
  EXPECT_EQ(elementSize(Element::c128), 16);
  static_assert(elementFor<const long long> == Element::i64 && elementFor<bool> == Element::boolean);
  static_assert(elementFor<uint64_t> == Element::key && elementFor<signed char> == Element::i8);
  static_assert(!ElementType<char> && !ElementType<uint32_t> && !ElementType<int *>);
}

TEST(Tensor, CopyDoesNotSeeLaterWrites) {
  std::vector<float> data{1, 2, 3, 4, 5, 6};
  Tensor copy = Tensor::copy(data, {2, 3}), view = Tensor::view(data, {2, 3});
  data[0] = 9;
  EXPECT_EQ((*copy.read<float>())[0], 1);
  EXPECT_EQ((*view.read<float>())[0], 9);
  EXPECT_EQ(copy.type(), "f32[2, 3]");
  EXPECT_EQ(uintptr_t(copy.data()) % 64, 0u);
}

TEST(Tensor, ReadAsAnotherTypeIsAnError) {
  Result<std::span<const double>> read = Tensor::scalar(1.0f).read<double>();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "a tensor of type `f32` is read as elements of `f64`");
  EXPECT_FALSE(Tensor().read<float>());
}

TEST(Tensor, DataThatDoNotFillTheShapeAreAnErrorWhenRead) {
  Tensor tensor = Tensor::copy(std::vector<int32_t>{1, 2, 3}, {2, 2});
  EXPECT_FALSE(tensor.status());
  EXPECT_EQ(tensor.read<int32_t>().error().message, "3 elements of i32 do not make a tensor of shape [2, 2]");
  EXPECT_EQ(tensor.data(), nullptr);
  EXPECT_FALSE(Tensor::view(std::vector<int32_t>{}, {-1}).status());
}

TEST(Tensor, SizesBeyondMemoryAreErrors) {
  EXPECT_FALSE(Tensor::allocate(Element::f32, {INT64_MAX, 2}));
  EXPECT_FALSE(Tensor::allocate(Element::f32, {INT64_MAX, 0, 2}));
  EXPECT_FALSE(Tensor::allocate(Element::f32, {-3}));
  Result<Tensor> huge = Tensor::allocate(Element::u8, {int64_t(1) << 60});
  ASSERT_FALSE(huge);
  EXPECT_EQ(huge.error().code, "E0701");
  EXPECT_EQ(countElements(Shape{4, 0, 5}, Element::f32), 0);
  EXPECT_EQ(countElements(Shape{}, Element::f32), 1);
}

TEST(Tensor, EmptyTensorsHaveAnAddress) {
  Result<Tensor> made = Tensor::zeros(Element::f32, {0, 3});
  ASSERT_TRUE(made);
  EXPECT_NE(made->data(), nullptr);
  Tensor seen = Tensor::view(std::span<const float>(), {0});
  EXPECT_TRUE(seen.status());
  EXPECT_NE(seen.data(), nullptr);
}

TEST(Tensor, RowsShareTheData) {
  Tensor tensor = Tensor::copy(std::vector<int64_t>{0, 1, 2, 3, 4, 5}, {3, 2});
  Result<Tensor> rows = tensor.rows(1, 3), row = tensor.row(2);
  ASSERT_TRUE(rows && row);
  EXPECT_EQ(rows->type(), "i64[2, 2]");
  EXPECT_EQ((*rows->read<int64_t>())[0], 2);
  EXPECT_EQ(row->type(), "i64[2]");
  EXPECT_EQ((*row->read<int64_t>())[1], 5);
  EXPECT_FALSE(tensor.rows(2, 4));
  EXPECT_FALSE(tensor.row(3));
  EXPECT_FALSE(tensor.row(-1));
  EXPECT_FALSE(Tensor::scalar(1.0f).row(0));
  tensor = Tensor();
  EXPECT_EQ((*row->read<int64_t>())[0], 4);
}

TEST(Tensor, ReshapeKeepsTheNumberOfElements) {
  Tensor tensor = Tensor::copy(std::vector<int64_t>{0, 1, 2, 3, 4, 5}, {3, 2});
  EXPECT_EQ(tensor.reshape({2, 1, 3})->type(), "i64[2, 1, 3]");
  EXPECT_FALSE(tensor.reshape({4}));
}

TEST(Tensor, OnlyAnUnsharedOwnedTensorIsUnique) {
  Tensor tensor = *Tensor::allocate(Element::f32, {4});
  EXPECT_TRUE(tensor.unique());
  Tensor other = tensor;
  EXPECT_FALSE(tensor.unique());
  other = Tensor();
  EXPECT_TRUE(tensor.unique());
  Result<Tensor> row = tensor.row(0);
  EXPECT_FALSE(tensor.unique() || row->unique());
  std::vector<float> data(4);
  EXPECT_FALSE(Tensor::view(data, {4}).unique());
  EXPECT_EQ(Tensor::view(data, {4}).writable(), nullptr);
}
