#!/usr/bin/env bash
# The code in README.md and docs/ is true.
exec python3 "$(dirname "${BASH_SOURCE[0]}")/docs.py"
