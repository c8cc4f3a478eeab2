#!/usr/bin/env bash
# The programs of test/Programs print and draw what their twins do; those that need what is not there yet are refused by its name.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
cp "$root"/test/Programs/*.tds "$work"
cd "$work"
python3 "$root/test/Programs/make_data.py" .
cp "$root/examples/data/digits.npz" .

runs() { # PROGRAM
  "$TDSLC" run "$1.tds" >"$1.out" 2>&1 || { echo "$1 failed"; cat "$1.out"; exit 1; }
}
refused() { # PROGRAM, VERB, WHAT THE ERROR SAYS
  if "$TDSLC" "$2" "$1.tds" >"$1.out" 2>&1; then echo "$1 was not refused"; exit 1; fi
  grep -q "$3" "$1.out" || { echo "$1 does not say '$3':"; cat "$1.out"; exit 1; }
}

# Those that train for long do so for a few rounds.
sed -i 's/0\.\.30 {/0..2 {/' 02_resnet_cifar.tds
sed -i 's/Gpt\[50257, 1024, 768, 12\]/Gpt[96, 80, 48, 2]/' 03_gpt2.tds
sed -i 's/0\.\.100 {/0..3 {/; s/- 0\.1 \*/- 30 */; s/% 10 ==/% 1 ==/; s/l:\.5f/l:.8f/' 13_fluid.tds
sed -i 's/0\.\.10000/0..11/; s/% 1000/% 1/' 21_pinn.tds

programs=(01_mlp_digits 03_gpt2 05_lstm_lm 06_vae 11_kalman 13_fluid 17_cg 19_mandelbrot 20_harris 21_pinn 29_mixed_precision)
[ -z "${TDS_LONG:-}" ] || programs+=(02_resnet_cifar)
for program in "${programs[@]}"; do runs "$program"; done
grep -q 'epoch 20' 01_mlp_digits.out || { echo "01_mlp_digits stops early"; exit 1; }
python3 "$root/test/Differential/programs/compare.py" . "${programs[@]}"
for program in 02_resnet_cifar 31_std_nn; do "$TDSLC" check $program.tds; done
"$TDSLC" test 30_std_optim.tds 17_cg.tds

refused 28_data_parallel run 'of size 0' # there is no GPU
# 23 is refused line by line.
refused 23_refused check 'recursion'
for words in 'use `where`' 'k: dim' 'yield' 'in the loop or branch alone' 'i = n - 1' 'may differ' '`/` on i32' 'does not fit i32' 'axis=0' \
  'bool\[n\]' 'outside the parentheses' 'no derivative' 'wants a scalar' '`print` is for scripts' 'i32(' "can't be told apart"; do
  grep -q -- "$words" 23_refused.out || { echo "23_refused does not say '$words'"; exit 1; }
done
