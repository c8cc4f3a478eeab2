#!/usr/bin/env bash
# The GPU's path without a GPU: kernels run on the stand-in of test/Simt, their PTX goes through ptxas where CUDA is
# installed, and a driver that is missing, a stub, too old or out of memory is told of. Under --long everything of the
# language and of derivatives runs on the stand-in.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
real=$TDSLC
export TDSLC=$root/test/Simt/tdslc
cd "$work"
[ -e "$TDS_BUILD/lib/simt/libcuda.so.1" ] || { echo "the stand-in is not built"; exit 1; }

cat >sums.tds <<'TDS'
def f(x: f32[n, m]) -> (f32, f32[n]) = (sum(x), max(x, axis=1))
x = [i < 3, j < 300] => f32((7 * i + 3 * j) % 11)
print(f(x))
print(sum(x, axis=0)[:4])
TDS
cat >products.tds <<'TDS'
def f(a: f32[p, m, k], b: f32[p, n, k]) -> f32[p, m, n] = [q, i, j] => sum[l](a[q, i, l] * b[q, j, l])
c = f([q < 2, i < 70, l < 33] => f32((5 * q + 7 * i + 3 * l) % 11), [q < 2, j < 18, l < 33] => f32((q + 2 * j + 3 * l) % 7))
print(sum(c), c[1, 69, :])
TDS
"$real" emit sums.tds --fn f --size n=3 m=300 --stage ptx >sums.ptx
"$real" emit products.tds --fn f --size p=2 m=70 n=18 k=33 --stage ptx >products.ptx

# Numbers are the processor's in any order of threads, and each barrier is needed: a kernel without it is found out.
for program in sums products; do
  "$real" run $program.tds >expected.txt
  for order in 0 1 7; do
    TDS_SIMT_ORDER=$order "$TDSLC" run $program.tds >out.txt
    diff expected.txt out.txt || { echo "threads in order $order compute something else"; exit 1; }
  done
  barriers=$(grep -c 'barrier.sync\|bar.sync' $program.ptx)
  [ "$barriers" -gt 1 ] || { echo "$program has no barrier to leave out"; exit 1; }
  for ((k = 0; k < barriers; k++)); do
    caught=
    for order in 0 1 7; do
      TDS_SIMT_WITHOUT_BARRIER=$k TDS_SIMT_ORDER=$order "$TDSLC" run $program.tds >out.txt 2>&1 || caught=yes
      diff -q expected.txt out.txt >/dev/null || caught=yes
    done
    [ -n "$caught" ] || { echo "nobody misses barrier $k of $barriers of $program"; exit 1; }
  done
done

# What a machine may lack, by name; on the processor all is well.
says() { # FAILURE, WHAT THE ERROR SAYS
  if TDS_SIMT_FAIL=$1 "$TDSLC" run sums.tds >out.txt 2>&1; then echo "$1 is no error"; exit 1; fi
  grep -q "$2" out.txt || { echo "$1 does not say '$2':"; cat out.txt; exit 1; }
}
says init 'CUDA_ERROR_STUB_LIBRARY'
says version 'CUDA 10.2, which is too old'
says memory 'no memory on cuda:0'
printf 'x = [0.1, 0.2]\nprint(acos(x))\n' >acos.tds
if env -u CUDA_HOME -u CUDA_PATH "$TDSLC" run --no-cache acos.tds 2>err.txt; then echo "acos needs no libdevice"; exit 1; fi
grep -q "libdevice, which was not found" err.txt || { cat err.txt; exit 1; }
"$real" run --device auto sums.tds >/dev/null
if "$real" run --device cuda:9 sums.tds 2>err.txt; then echo "there is no tenth device"; exit 1; fi
grep -q 'E0505' err.txt

if TDS_SIMT_WITHOUT_BARRIER=0 "$TDSLC" run sums.tds 2>err.txt; then echo "a kernel that fails is no error"; exit 1; fi
grep -q 'error\[E0709\]: a kernel on cuda:0 failed' err.txt

# A part of a script is placed; what is computed there is seen outside.
cat >placed.tds <<'TDS'
x = [1.0, 2.0, 3.0]
on cuda { y = exp(x) * 2 }
on cuda(devices("cuda") - 1) { z = y + x }
on cpu { w = z * z }
print(w)
TDS
sed 's/^on [^{]*{ *//; s/ *}$//' placed.tds >plain.tds
"$real" run plain.tds >expected.txt
for device in auto cpu; do
  LD_LIBRARY_PATH=$TDS_BUILD/lib/simt TDS_PTX_BITCODE=1 "$real" run --device $device placed.tds >out.txt
  diff expected.txt out.txt || { echo "placed on a GPU it computes something else"; exit 1; }
done
"$TDSLC" run placed.tds | diff expected.txt -
if "$real" run placed.tds 2>err.txt; then echo "there is no GPU"; exit 1; fi
grep -q 'E0505' err.txt && grep -q 'placed.tds:2:1' err.txt || { cat err.txt; exit 1; }

# An index that is data is reported with its place and value, and the process goes on.
cat >outside.tds <<'TDS'
def pick(x: f32[n], i: i32[m]) -> f32[m] = [k] => x[i[k]]
print(pick([1.0, 2.0], [0, 5]))
TDS
if "$TDSLC" run outside.tds 2>err.txt; then echo "index 5 of 2 is no error"; exit 1; fi
grep -q 'index 5 is outside a dimension of size 2' err.txt && grep -q 'outside.tds:1:' err.txt || { cat err.txt; exit 1; }

ptxas=$(command -v ptxas || echo "${CUDA_HOME:-/nowhere}/bin/ptxas")
if [ -x "$ptxas" ]; then
  for target in sm_80 sm_90 sm_100 sm_120; do
    "$real" emit sums.tds --fn f --size n=3 m=300 --stage ptx --target $target >sums.ptx
    "$real" emit products.tds --fn f --size p=2 m=70 n=18 k=33 --stage ptx --target $target >products.ptx
    for program in sums products; do
      "$ptxas" -arch=$target -v $program.ptx -o $program.cubin 2>>log.txt || { cat log.txt; exit 1; }
    done
    if grep 'spill' log.txt | grep -v ' 0 bytes spill stores, 0 bytes spill loads'; then echo "$target spills"; exit 1; fi
  done
fi

# The rest needs functions of CUDA's libdevice.
[ -f "${CUDA_HOME:-/nowhere}/nvvm/libdevice/libdevice.10.bc" ] || exit 0
# Data-parallel training, on the one GPU that there is.
cp "$root"/test/Programs/{01_mlp_digits,28_data_parallel}.tds "$root/examples/data/digits.npz" .
echo 'print("{mlp.loss(p, data.x[:64], data.y[:64]):.4f}")' >>28_data_parallel.tds
sed 's/on cuda(d)/on cpu/; s/"cuda"/"cpu"/' 28_data_parallel.tds >processor.tds
"$real" run processor.tds >expected.txt
LD_LIBRARY_PATH=$TDS_BUILD/lib/simt TDS_PTX_BITCODE=1 "$real" run 28_data_parallel.tds >out.txt
diff expected.txt out.txt || { echo "trained on a GPU it is something else"; exit 1; }

python3 "$root/test/Differential/language/run.py"
bash "$root/test/Checks/digits.sh"
"$TDSLC" test "$root"/test/Gradients/{traps,forward,complex}.tds "$root"/lib/Std/*.tds
if [ -n "${TDS_LONG:-}" ]; then
  "$TDSLC" test "$root"/test/Gradients/*.tds "$root"/test/Language/found.tds
  python3 "$root/test/Differential/std/run.py" "$root/test/Differential/std/expected.json"
  python3 "$root/test/Differential/examples/run.py"
fi
