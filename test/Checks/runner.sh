#!/usr/bin/env bash
# The test runner counts failures, crashes and passes as what they are: a runner that cannot fail proves nothing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
trap 'rm -rf "$planted"' EXIT
planted=$(mktemp -d)
mkdir -p "$planted/bin/unit"
ln -s "$TDS_BUILD/test" "$planted/test"

# unit NAME STATUS CASES: a stand-in for a GoogleTest binary, which reports CASES (if any) and exits with STATUS
unit() {
  {
    echo '#!/usr/bin/env bash'
    [ -z "$3" ] || echo "echo '{\"testsuites\": [{\"testsuite\": [$3]}]}' >\"\${1#--gtest_output=json:}\""
    echo "exit $2"
  } >"$planted/bin/unit/$1"
  chmod +x "$planted/bin/unit/$1"
}
expect() { # expect LINE STATUS: what the runner says of the planted tests
  local output status=0
  output=$(python3 "$root/test/run.py" --build "$planted" Planted) || status=$?
  if [ "$(tail -n 1 <<<"$output")" != "$1" ] || [ "$status" != "$2" ]; then
    echo "expected '$1' and status $2, got status $status and: $output"
    exit 1
  fi
}
pass='{"name": "a", "classname": "S", "status": "RUN", "result": "COMPLETED"}'
fail='{"name": "b", "classname": "S", "status": "RUN", "result": "COMPLETED", "failures": [{"failure": "wrong"}]}'
skip='{"name": "c", "classname": "S", "status": "RUN", "result": "SKIPPED"}'

expect "0 passed, 0 failed" 1 # nothing ran: not a success
unit PlantedTest 0 "$pass, $skip"
expect "1 passed, 0 failed" 0
unit PlantedLeakTest 23 "$pass"
expect "2 passed, 1 failed" 1 # every case passed, then a sanitizer spoke
unit PlantedLeakTest 1 "$pass, $fail"
expect "2 passed, 1 failed" 1
unit PlantedCrashTest 139 ""
expect "2 passed, 2 failed" 1
