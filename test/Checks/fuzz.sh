#!/usr/bin/env bash
# No input makes the parser or Sema crash, hang or eat memory: half a minute of random inputs each, ten under --long.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
seconds=30
[ -z "${TDS_LONG:-}" ] || seconds=600
[ -d "$TDS_BUILD/fuzz" ] || exit 0 # a sanitized build has no fuzz targets of its own
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/corpus"
cp "$root"/test/Fuzz/corpus/*/*.tds "$root"/examples/*.tds "$root"/lib/Std/*.tds "$work/corpus"
cd "$work"
ulimit -S -v unlimited # the sanitizer reserves terabytes; -rss_limit_mb bounds what is used
pids=()
for target in ParserFuzz SemaFuzz; do
  mkdir "$target"
  "$TDS_BUILD/fuzz/$target" -max_total_time=$seconds -timeout=10 -rss_limit_mb=2048 -max_len=4096 -print_final_stats=1 \
    "$work/$target" "$work/corpus" >"$target.log" 2>&1 &
  pids+=($!)
done
status=0
for pid in "${pids[@]}"; do wait "$pid" || status=1; done
if [ $status != 0 ]; then
  tail -n 40 ./*.log
  for input in crash-* timeout-* oom-*; do
    [ -e "$input" ] && { echo "== $input"; base64 "$input"; }
  done
fi
exit $status
