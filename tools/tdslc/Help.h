#pragma once

static constexpr const char *introduction =
    R"(TDS is a language of tensors: functions are compiled, differentiable and checked for their shapes before they run.
The top level of a file is a script that calls them.

  # fit.tds: a line through noisy points
  def loss(w: f32, b: f32, x: f32[n], y: f32[n]) = mean((w * x + b - y) ** 2)
  x = linspace(0, 1, 100)
  y = 3 * x + 1 + 0.1 * normal(key(0), 100)
  w, b = (f32(0), f32(0))
  for i in 0..500 {
    dw, db = grad[w, b](loss(w, b, x, y))
    w, b = (w - 0.5 * dw, b - 0.5 * db)
  }
  print("w {w:.2f}  b {b:.2f}")

  tdslc run fit.tds                        run it; --threads 2, --time and others stand before the file
  tdslc run digits.tds --epochs 50         what follows the file is for the script: its `arg epochs = 20`
  tdslc run digits.tds --help              which arguments it has
  tdslc check fit.tds                      find its errors, run nothing
  tdslc check --grad fit.tds               compare every derivative that it evaluates with differences
  tdslc test fit.tds                       run its `test "name" { assert .. }` blocks
  tdslc fmt fit.tds                        write it in the one style; --check tells whether it is
  tdslc emit fit.tds --stage linalg --fn loss --size n=100    see what becomes of a def
  tdslc plan fit.tds --fn loss --grad w --size n=100    the memory and work of a call, before it runs
  tdslc explain fit.tds --fn loss --size n=100    what its contractions became, and why
  tdslc explain E0204                      what an error means and how it is mended
)";
static constexpr const char *statuses =
    "exit status: 0 fine, 1 the program has errors or failed, 2 wrong usage, 3 a failure of the compiler itself,\n"
    "             130 interrupted by Ctrl-C";
