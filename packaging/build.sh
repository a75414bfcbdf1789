#!/bin/bash
# SPDX-License-Identifier: MIT
# Configures and builds a preset:  packaging/build.sh PRESET [CMAKE OPTION...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset=$1
shift

# A file that includes LibTorch takes up to 2 GB to compile.
jobs=$(awk '/MemAvailable/ { print int($2 / 2 / 1024 / 1024) }' /proc/meminfo)
cores=$(nproc)
jobs=$((jobs < 1 ? 1 : jobs > cores ? cores : jobs))

cmake --preset "$preset" "$@"
cmake --build "build/$preset" --parallel "$jobs"
