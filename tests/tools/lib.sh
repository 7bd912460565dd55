#!/usr/bin/env bash
# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Sourced by the other scripts: where things are, progress lines, and packages of the machine.

set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
CACHE="$ROOT/.cache"
export CONTAINERS_CONF="$ROOT/tests/tools/containers.conf"
mkdir -p "$CACHE"

# Progress goes to stderr, so that a script's stdout can be used by its caller.
say() { printf '[%4ds] %s\n' "$SECONDS" "$*" >&2; }

die() {
    printf 'ERROR: %s\n' "$*" >&2
    exit 1
}

# quietly LABEL COMMAND...: runs it with a sign of life every ten seconds; its output is shown only when it fails.
quietly() {
    local label="$1" log pid waited=0
    shift
    log="$(mktemp "$CACHE/log.XXXXXX")"
    say "$label ..."
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        sleep 1
        waited=$((waited + 1))
        if ((waited % 10 == 0)); then say "$label ... still running"; fi
    done
    if ! wait "$pid"; then
        tail -n 40 "$log" >&2
        die "$label failed; the whole output is in $log"
    fi
    rm -f "$log"
    say "$label: done"
}

# apt_get ARGUMENT...: one at a time on this machine, whichever checkout asks; apt itself gives up when its lists are locked.
apt_get() {
    flock --close /run/lock/spamexperts-tests-apt env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -o DPkg::Lock::Timeout=600 "$@"
}

apt_install() {
    quietly "apt-get update" apt_get update
    quietly "installing Debian packages: $*" apt_get install -y --no-install-recommends "$@"
}

# need_packages PACKAGE...: installs what is missing when root on a Debian machine, else says what is missing.
need_packages() {
    local package missing=()
    for package in "$@"; do
        if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
            missing+=("$package")
        fi
    done
    if [ "${#missing[@]}" -eq 0 ]; then return 0; fi
    command -v apt-get >/dev/null || die "this machine is not Debian: install these yourself: ${missing[*]}"
    [ "$(id -u)" -eq 0 ] || die "missing packages; as root run: apt-get install ${missing[*]}"
    apt_install "${missing[@]}"
}

# git refuses a checkout that belongs to another user, which is what root in CI has.
project_git() { git -c safe.directory="$ROOT" -C "$ROOT" "$@"; }
