#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints a text file as a C string literal.
set -eu

sed -e 's/[\\"]/\\&/g; s/^/"/; s/$/\\n"/' "$1"
