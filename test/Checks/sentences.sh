#!/usr/bin/env bash
# Each sentence of docs/language.md, with the programs that hold the compiler to it.
exec python3 "$(dirname "${BASH_SOURCE[0]}")/sentences.py"
