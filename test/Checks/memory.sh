#!/usr/bin/env bash
# What a plan says is what a run uses, and what a memory limit recomputes has the same bits.
set -euo pipefail
python3 "$(dirname "${BASH_SOURCE[0]}")/../Memory/measured.py"
