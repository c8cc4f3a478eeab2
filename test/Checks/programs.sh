#!/usr/bin/env bash
# The programs of test/Programs run as they are; those that need what is not there yet are refused by the form's name.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
cp "$root"/test/Programs/*.tds "$work"
cd "$work"
python3 "$root/test/Programs/make_data.py" .
cp "$root/examples/data/digits.npz" .

runs() { # PROGRAM [WHAT ITS OUTPUT HAS]
  "$TDSLC" run "$1.tds" >"$1.out" 2>&1 || { echo "$1 failed"; cat "$1.out"; exit 1; }
  [ $# -lt 2 ] || grep -q "$2" "$1.out" || { echo "$1 prints no '$2':"; tail -n 5 "$1.out"; exit 1; }
}
refused() { # PROGRAM, VERB, WHAT THE ERROR SAYS
  if "$TDSLC" "$2" "$1.tds" >"$1.out" 2>&1; then echo "$1 was not refused"; exit 1; fi
  grep -q "$3" "$1.out" || { echo "$1 does not say '$3':"; cat "$1.out"; exit 1; }
}

runs 01_mlp_digits 'epoch 20'
runs 05_lstm_lm 'bits per character'
runs 06_vae
runs 17_cg 'residual'
runs 19_mandelbrot
runs 20_harris
runs 29_mixed_precision '[0-9]'
for picture in samples mandelbrot blur corners; do [ -s $picture.png ] || { echo "no $picture.png"; exit 1; }; done
for program in 02_resnet_cifar 03_gpt2 13_fluid 21_pinn 31_std_nn; do "$TDSLC" check $program.tds; done
"$TDSLC" test 30_std_optim.tds
if [ -n "${TDS_LONG:-}" ]; then
  runs 13_fluid '^90 '
  runs 21_pinn '^9000 '
fi

refused 11_kalman check 'is not there yet'
refused 28_data_parallel run 'of size 0' # there is no GPU
# 23 is refused line by line.
refused 23_refused check 'recursion'
for words in 'use `where`' 'k: dim' 'yield' 'in the loop or branch alone' 'i = n - 1' 'may differ' '`/` on i32' 'does not fit i32' 'axis=0' \
  'bool\[n\]' 'outside the parentheses' 'no derivative' 'wants a scalar' '`print` is for scripts' 'i32(' "can't be told apart"; do
  grep -q -- "$words" 23_refused.out || { echo "23_refused does not say '$words'"; exit 1; }
done
