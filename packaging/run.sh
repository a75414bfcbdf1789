#!/bin/bash
# SPDX-License-Identifier: MIT
# From a fresh checkout to a picture: installs packages, builds, and opens the window. With a prompt, or where there
# is no display, draws into this folder instead and prints the picture's path.
#
#   packaging/run.sh [PROMPT]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

"$root/packaging/install-packages.sh" >&2
"$root/packaging/build.sh" release >&2

prompt=$*
if [ -z "$prompt" ] && [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    exec "$root/build/release/bin/reverie"
fi
exec "$root/build/release/bin/dream" generate -o "$PWD" -- "${prompt:-slice of pizza}"
