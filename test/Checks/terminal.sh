#!/usr/bin/env bash
# What a script does at a terminal: progress of long loops, Ctrl-C; and that `save` leaves whole files.
exec python3 "$(dirname "${BASH_SOURCE[0]}")/terminal.py"
