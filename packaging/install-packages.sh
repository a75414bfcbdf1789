#!/bin/bash
# SPDX-License-Identifier: MIT
# Installs what Reverie is built from and runs on (Debian 12 or 13), as root or through sudo, and selects the fast
# BLAS. Does nothing where all of it is in place.
#
#   packaging/install-packages.sh [--tests]
set -euo pipefail

packages=(
    g++ cmake ninja-build                        # to build
    libtorch-dev nlohmann-json3-dev libcli11-dev
    libgloo-dev                                  # training with several processes; libtorch-dev does not ask for it
    qt6-base-dev qt6-charts-dev qt6-svg-dev
    pkg-config libwebp-dev libgif-dev libarchive-dev
    libqt6opengl6-dev                            # qt6-charts-dev does not ask for it
    libopenblas0-openmp                          # libtorch runs on any BLAS; the others are slower or oversubscribe
    libqt6sql6-sqlite qt6-wayland                # to run
    qt6-image-formats-plugins                    # to read WebP
    fonts-dejavu-core fonts-noto-color-emoji unicode-data
)
if [ "${1:-}" = --tests ]; then
    packages+=(appstream desktop-file-utils libimage-exiftool-perl poppler-utils python3-pil unzip
        chromium chromium-driver tidy # to look at the web page that the gallery exports
        dbus-daemon) # for a session bus of the tests' own
fi

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "Packages must be installed; run this as root, or install sudo." >&2
        exit 1
    fi
}

missing_packages() {
    local installed
    # dpkg-query fails if it knows nothing of one of them, and still lists the others.
    installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null || true)
    printf '%s\n' "${packages[@]}" | grep -vxF "$(sed -n 's/ installed$//p' <<<"$installed")" || true
}

select_openmp_blas() {
    local triplet name link wanted
    triplet=$(uname -m)-linux-gnu
    for name in libblas.so.3 liblapack.so.3 libopenblas.so.0; do
        link=$name-$triplet
        wanted=/usr/lib/$triplet/openblas-openmp/$name
        # Set by hand, since the pthread flavour has the higher priority.
        if [ -e "$wanted" ] && [ "$(readlink "/etc/alternatives/$link")" != "$wanted" ]; then
            as_root update-alternatives --set "$link" "$wanted"
        fi
    done
}

mapfile -t missing < <(missing_packages)
if [ "${#missing[@]}" -gt 0 ]; then
    echo "Installing ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
fi
select_openmp_blas
