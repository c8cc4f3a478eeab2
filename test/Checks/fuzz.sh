#!/usr/bin/env bash
# No input makes the front end or a reader of files crash, hang or eat memory: random inputs, for half a minute parser and
# Sema and for five seconds each reader; ten minutes each under --long.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
[ -d "$TDS_BUILD/fuzz" ] || exit 0 # a sanitized build has no fuzz targets of its own
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 "$root/test/Fuzz/files.py" corpus
mkdir corpus/tds
# Two programs may have one name: both are taken.
cp --backup=numbered "$root"/test/Fuzz/corpus/*/*.tds "$root"/examples/*.tds "$root"/lib/Std/*.tds corpus/tds
ulimit -S -v unlimited # the sanitizer reserves terabytes; -rss_limit_mb bounds what is used

fuzz() { # TARGET, CORPUS, SECONDS, LONGEST INPUT
  mkdir "$1"
  "$TDS_BUILD/fuzz/$1" -max_total_time="$([ -z "${TDS_LONG:-}" ] && echo "$3" || echo 600)" -timeout=10 -rss_limit_mb=2048 -max_len="$4" \
    -print_final_stats=1 "$work/$1" "$work/corpus/$2" >"$1.log" 2>&1
}
readers() {
  local status=0 format
  for format in Npy Npz Safetensors Png Csv; do fuzz ${format}Fuzz $format 5 2048 || status=1; done
  return $status
}
pids=()
fuzz ParserFuzz tds 30 4096 & pids+=($!)
fuzz SemaFuzz tds 30 4096 & pids+=($!)
readers & pids+=($!)
status=0
for pid in "${pids[@]}"; do wait "$pid" || status=1; done
if [ $status != 0 ]; then
  tail -n 40 ./*.log
  for input in crash-* timeout-* oom-*; do
    [ -e "$input" ] && { echo "== $input"; base64 "$input"; }
  done
fi
exit $status
