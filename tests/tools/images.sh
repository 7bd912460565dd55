#!/usr/bin/env bash
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# images.sh [SUITE...]: builds localhost/spamexperts-test:SUITE (default: bookworm trixie) from Debian packages, with systemd
# and rsyslog as on a stock host. All checkouts of a machine share the images. An image that was built by the same recipe
# from the same versions of the packages is kept.

# shellcheck source=tests/tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

IMAGE=localhost/spamexperts-test
# minbase: what every Debian host has, such as groupadd, and no more.
VARIANT=minbase
PACKAGES=systemd-sysv,dbus,python3,iproute2,ca-certificates,sudo,rsyslog,openssl,procps,passwd

[ "$(id -u)" -eq 0 ] || die "the test containers run systemd and need root: run this with sudo, or use 'make lint' and 'make test-unit'"
# netavark calls iptables, which Debian only recommends.
need_packages podman runc mmdebstrap netavark aardvark-dns iptables

arguments() { printf '%s\n' "--variant=$VARIANT" "--include=$PACKAGES" "$1"; }
recipe() { arguments "$1" | sha256sum | cut -c 1-16; }
label() { podman image inspect -f "{{index .Labels \"$2\"}}" "$IMAGE:$1" 2>/dev/null || true; }

build() {
    local tar arguments packages old
    mapfile -t arguments < <(arguments "$1")
    packages="$(suite_packages "${arguments[@]}")"
    if [ "$(label "$1" recipe)" = "$(recipe "$1")" ] && [ "${packages:-$(label "$1" packages)}" = "$(label "$1" packages)" ]; then
        say "image $IMAGE:$1 is up to date"
        return
    fi
    old="$(podman image inspect -f '{{.Id}}' "$IMAGE:$1" 2>/dev/null || true)"
    tar="$(mktemp "$CACHE/image.XXXXXX.tar")"
    quietly "debootstrapping $1 (about half a minute)" mmdebstrap "${arguments[@]}" "$tar"
    quietly "importing $IMAGE:$1" podman import --change "LABEL recipe=$(recipe "$1")" \
        --change "LABEL packages=$packages" "$tar" "$IMAGE:$1"
    rm -f "$tar"
    # The one that was replaced goes, unless a container still has it.
    if [ -n "$old" ]; then podman image rm "$old" >/dev/null 2>&1 || true; fi
}

# A second caller waits and then finds the images built.
machine_lock images
if [ "$#" -eq 0 ]; then set -- bookworm trixie; fi
pids=()
for suite in "$@"; do
    build "$suite" &
    pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || die "an image could not be built"; done
