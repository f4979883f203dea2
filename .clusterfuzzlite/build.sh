#!/bin/bash -eu
# SPDX-License-Identifier: MIT
exec "$SRC/twinwalk/ci/build-fuzzers"
