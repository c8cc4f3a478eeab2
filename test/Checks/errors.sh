#!/usr/bin/env bash
# Every code of a diagnostic has its section in docs/errors.md, whose examples print what the page shows.
exec python3 "$(dirname "${BASH_SOURCE[0]}")/errors.py"
