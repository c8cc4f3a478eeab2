#!/usr/bin/env bash
# What people bring from other languages: each is refused with the edit that mends it, and the edit compiles.
exec python3 "$(dirname "${BASH_SOURCE[0]}")/habits.py"
