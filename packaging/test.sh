#!/bin/bash
# SPDX-License-Identifier: MIT
# Installs packages, builds, and runs every test. Warnings are errors where CI=true.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

packaging/install-packages.sh --tests
if [ "${CI:-}" = true ]; then
    packaging/build.sh dev -DREVERIE_WERROR=ON
else
    packaging/build.sh dev
fi

XDG_RUNTIME_DIR=$(mktemp -d)
export XDG_RUNTIME_DIR
chmod 0700 "$XDG_RUNTIME_DIR"
trap 'rm -rf "$XDG_RUNTIME_DIR"' EXIT
export QT_QPA_PLATFORM=offscreen

status=0
ctest --test-dir build/dev --output-on-failure --parallel "$(nproc)" || status=$?
grep -h '^parity: ' build/dev/Testing/Temporary/LastTest.log || true
exit "$status"
