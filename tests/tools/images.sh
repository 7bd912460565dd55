#!/usr/bin/env bash
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# images.sh [SUITE...]: builds localhost/spamexperts-test:SUITE (default: bookworm trixie) from Debian packages, with systemd
# and rsyslog as on a stock host. An image that was built by the same recipe is kept.

# shellcheck source=tests/tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

IMAGE=localhost/spamexperts-test
# minbase: what every Debian host has, such as groupadd, and no more.
VARIANT=minbase
PACKAGES=systemd-sysv,dbus,python3,iproute2,ca-certificates,sudo,rsyslog,openssl,procps,passwd

[ "$(id -u)" -eq 0 ] || die "the test containers run systemd and need root: run this with sudo, or use 'make lint' and 'make test-unit'"
# netavark calls iptables, which Debian only recommends.
need_packages podman runc mmdebstrap netavark aardvark-dns iptables

recipe() { printf '%s' "$1 $VARIANT $PACKAGES" | sha256sum | cut -c 1-16; }
built() { [ "$(podman image inspect -f '{{index .Labels "recipe"}}' "$IMAGE:$1" 2>/dev/null)" = "$(recipe "$1")" ]; }

build() {
    local tar
    tar="$(mktemp "$CACHE/image.XXXXXX.tar")"
    quietly "debootstrapping $1 (about half a minute)" mmdebstrap --variant="$VARIANT" --include="$PACKAGES" "$1" "$tar"
    quietly "importing $IMAGE:$1" podman import --change "LABEL recipe=$(recipe "$1")" "$tar" "$IMAGE:$1"
    rm -f "$tar"
}

# A second caller waits and then finds the images built.
exec 9>"$CACHE/images.lock"
flock 9
if [ "$#" -eq 0 ]; then set -- bookworm trixie; fi
pids=()
for suite in "$@"; do
    if built "$suite"; then
        say "image $IMAGE:$suite is up to date"
    else
        build "$suite" &
        pids+=($!)
    fi
done
for pid in "${pids[@]}"; do wait "$pid" || die "an image could not be built"; done
